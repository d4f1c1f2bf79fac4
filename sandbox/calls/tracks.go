package calls

import (
	"fmt"
	"slices"
	"time"
)

// frame of a carrier: 20 ms of mu-law.
const frame = 160

// laying puts a call's sound on its two tracks, and fills in the times that the script leaves open. What can't be known
// because of a fault that was told is left out, and later checks leave it out too.
type laying struct {
	c  *Call
	fs *files
	f  *faults
	// known tells of each utterance whether its times are.
	known []bool
	// holed are the tracks of which some sound could not be read.
	holed map[string]bool
	// clip is the sound of each utterance that brings a file.
	clip [][]byte
}

func lay(c *Call, fs *files, f *faults) *laying {
	l := &laying{c, fs, f, make([]bool, len(c.Script)), map[string]bool{}, make([][]byte, len(c.Script))}
	c.Caller = l.parts(c.Audio.Caller, TrackCaller)
	c.AgentAudio = l.parts(c.Audio.Agent, TrackAgent)
	l.utterances()
	n := max(len(c.Caller), len(c.AgentAudio))
	if c.Duration > 0 {
		n = span(c.Duration)
	}
	// Carriers send whole frames: what is left of the last one is silence, or the last word would lose its end.
	n = (n + frame - 1) / frame * frame
	c.Caller, c.AgentAudio = fit(c.Caller, n), fit(c.AgentAudio, n)
	c.Duration = Duration(time.Duration(n) * time.Millisecond / bytesPerMS)
	return l
}

// parts joins the files of one track.
func (l *laying) parts(list []Part, track string) (sound []byte) {
	for i, p := range list {
		key := fmt.Sprintf("audio.%s[%d]", track, i)
		if p.File == "" {
			if l.f.clean(key) {
				l.f.add(key, "names no file")
			}
			l.holed[track] = true
			continue
		}
		data, err := l.fs.load(p.File)
		if err != nil {
			l.f.add(key+".file", "%s %v", p.File, err)
			l.holed[track] = true
			continue
		}
		start := len(sound)
		if l.f.has(key + ".at") {
			start = span(p.At)
		}
		switch {
		case !l.f.clean(key + ".at"):
			l.holed[track] = true
		case p.At < 0:
			l.f.add(key+".at", "%v: want 0s or more, from the beginning of the stream", p.At)
		case p.At > longest:
			l.f.add(key+".at", "%v: want up to %v", p.At, longest)
		case start < len(sound) && !l.holed[track]:
			l.f.add(key+".at", "%s begins at %v, before the part before it ends (%v)", p.File, p.At, length(sound))
		default:
			sound = append(fit(sound, max(start, len(sound))), data...)
		}
	}
	return sound
}

// utterances lays those that bring a file of their own, and gives each its start and end.
func (l *laying) utterances() {
	before, known := Duration(0), true // end of the utterance before, on whichever track
	for i := range l.c.Script {
		u, key := &l.c.Script[i], fmt.Sprintf("script[%d]", i)
		timed := l.f.clean(key+".start", key+".end", key+".pause", key+".file") && !l.f.bad[key]
		if u.File == "" {
			l.known[i] = timed && l.given(u, key)
			before, known = u.End, l.known[i]
			continue
		}
		known = l.begin(u, key, i == 0, before, known && timed) && timed
		data, err := l.fs.load(u.File)
		if err != nil {
			l.f.add(key+".file", "%s %v", u.File, err)
			l.holed[u.Track], known = true, false
			continue
		}
		l.clip[i] = data
		u.End = u.Start + length(data)
		before = u.End
		l.known[i] = known && l.place(u, data, key)
	}
}

// given checks the times of an utterance that brings no file; false if they say nothing.
func (l *laying) given(u *Utterance, key string) bool {
	if l.f.has(key + ".pause") {
		l.f.add(key+".pause", "is for an utterance with a file; give start and end")
	}
	audio := l.c.Audio.Caller
	if u.Track == TrackAgent {
		audio = l.c.Audio.Agent
	}
	switch {
	case !l.f.clean(key + ".track"):
		return false
	case len(audio) == 0:
		l.f.add(key, "has no sound: give its file; or start and end, and a recording of the whole %s track under audio", u.Track)
		return false
	case !l.f.has(key+".start") || !l.f.has(key+".end"):
		l.f.add(key, "brings no file: give start and end")
		return false
	case u.Start < 0 || u.End <= u.Start || u.End > longest:
		l.f.add(key, "says start %v and end %v: want 0s <= start < end, and at most %v", u.Start, u.End, longest)
		return false
	}
	return true
}

// begin settles the start of an utterance with a file: as given, or after the one before, whose end may not be known.
func (l *laying) begin(u *Utterance, key string, first bool, before Duration, known bool) bool {
	given, pause := l.f.has(key+".start"), l.f.has(key+".pause")
	switch {
	case given && pause:
		l.f.add(key+".pause", "and start: give one of them")
		return false
	case given:
		known = true
	case pause:
		u.Start = before + u.Pause
	case !first:
		u.Start = before + DefaultPause
	}
	switch {
	case u.Start < 0 && known && pause:
		l.f.add(key+".pause", "%v makes it begin %v before the stream; a pause counts from the end of the entry before", u.Pause, -u.Start)
		known = false
	case u.Start < 0 && known:
		l.f.add(key, "begins %v before the stream", -u.Start)
		known = false
	case u.Start > longest && known:
		l.f.add(key, "begins at %v: want up to %v", u.Start, longest)
		known = false
	}
	u.Start = max(u.Start, 0)
	if l.f.has(key+".end") && l.f.clean(key+".end") {
		l.f.add(key+".end", "follows from the file: leave it out")
	}
	u.Start = Duration(time.Duration(u.Start).Truncate(time.Millisecond / bytesPerMS))
	return known
}

// place puts data on u's track at its start; the track must be free there.
func (l *laying) place(u *Utterance, data []byte, key string) bool {
	track := &l.c.Caller
	switch u.Track {
	case TrackCaller:
	case TrackAgent:
		track = &l.c.AgentAudio
	default:
		return false // told by check
	}
	at := span(u.Start)
	if at < len(*track) && sounds((*track)[at:min(at+len(data), len(*track))]) {
		l.f.add(key, "is laid over other sound of the %s's track, at %v", u.Track, u.Start)
		return false
	}
	*track = fit(*track, max(len(*track), at+len(data)))
	copy((*track)[at:], data)
	return true
}

// fit cuts a track to n bytes or fills it up with silence.
func fit(track []byte, n int) []byte {
	if n <= len(track) {
		return track[:n:n]
	}
	return append(track, slices.Repeat([]byte{Silence}, n-len(track))...)
}

// span is a duration in bytes, length the reverse.
func span(d Duration) int { return int(time.Duration(d) * bytesPerMS / time.Millisecond) }

func length(track []byte) Duration {
	return Duration(time.Duration(len(track)) * time.Millisecond / bytesPerMS)
}
