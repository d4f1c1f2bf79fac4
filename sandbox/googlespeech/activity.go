package googlespeech

import (
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
)

// activity tells when a voice begins and ends, whether or not its words are known. It looks at frames of 20 ms: three
// that sound begin an activity, half a second of others ends it.
type activity struct {
	rest []byte
	// at is where the frame that is looked at begins, in bytes.
	at int
	// loud and quiet count the frames in a row; since is where the loud ones began, until where the last one ended.
	loud, quiet  int
	since, until int
	speaking     bool
	// spoken tells whether anybody ever spoke.
	spoken bool
}

const (
	frame       = 160
	loudFrames  = 3
	quietFrames = 25
)

// event is a change of voice activity, at a time of the audio.
type event struct {
	kind speechpb.StreamingRecognizeResponse_SpeechEventType
	at   time.Duration
}

func (a *activity) hear(audio []byte) (events []event) {
	a.rest = append(a.rest, audio...)
	for len(a.rest) >= frame {
		if e, ok := a.frame(a.rest[:frame]); ok {
			events = append(events, e)
		}
		a.rest = a.rest[frame:]
	}
	return events
}

func (a *activity) frame(b []byte) (event, bool) {
	start := a.at
	a.at += frame
	if loud(b)*10 <= len(b) { // a tenth of it is more than silence
		a.loud = 0
		a.quiet++
		if a.speaking && a.quiet == quietFrames {
			a.speaking = false
			return event{speechpb.StreamingRecognizeResponse_SPEECH_ACTIVITY_END, duration(a.until)}, true
		}
		return event{}, false
	}
	a.quiet = 0
	if a.loud++; a.loud == 1 {
		a.since = start
	}
	a.until = a.at
	if !a.speaking && a.loud == loudFrames {
		a.speaking, a.spoken = true, true
		return event{speechpb.StreamingRecognizeResponse_SPEECH_ACTIVITY_BEGIN, duration(a.since)}, true
	}
	return event{}, false
}
