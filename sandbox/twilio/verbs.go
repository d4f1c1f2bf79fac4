package twilio

import (
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
)

const (
	// wordTime is how long a voice takes for a word.
	wordTime = 400 * time.Millisecond
	// playTime stands for the length of a sound file, which is not fetched.
	playTime = 5 * time.Second
	// keyTime is how long a caller takes to press a key once asked, and between keys.
	keyTime = time.Second
)

// play performs a document's verbs in order. It returns where the next instructions come from, nil when the
// document has run out, which hangs up.
func (l *life) play(doc *twiml.Document, base string) (*target, error) {
	for _, v := range doc.Verbs {
		next, err := l.verb(v, base)
		if next != nil || err != nil {
			return next, err
		}
	}
	return nil, nil
}

func (l *life) verb(v *twiml.Element, base string) (*target, error) {
	switch {
	case v.Name == "Reject":
		return nil, l.reject(v)
	case v.Name == "Redirect":
		// A caller who has gone meanwhile asks nobody for more.
		if err := l.wait(0); err != nil {
			return nil, err
		}
		return &target{url: resolve(base, v.Text), method: v.Str("method", "POST")}, nil
	case v.Name != "Dial" || !v.Bool("answerOnBridge", false):
		l.pickUp()
	}
	switch v.Name {
	case "Say", "Play", "Pause":
		return nil, l.wait(l.sounding(v))
	case "Gather":
		return l.gather(v, base)
	case "Start":
		l.start(v.Children[0], base)
	case "Stop":
		l.stopNamed(v.Children[0])
	case "Dial":
		return l.dial(v, base)
	case "Record":
		return l.record(v, base)
	case "Hangup":
		return nil, errHangup
	}
	return nil, l.wait(0)
}

// sounding is how long a verb is heard. Once the call's sound runs, prompts take no time: the sample's sound
// stands for all that is said from its first frame on, so that a message begins where its author has put it,
// however long the greeting is.
func (l *life) sounding(v *twiml.Element) time.Duration {
	if v.Name != "Pause" && l.speaking() {
		return 0
	}
	loop := v.Int("loop", 1)
	if loop == 0 {
		loop = 1000 // Twilio's "until the call ends"
	}
	switch v.Name {
	case "Say":
		return time.Duration(loop*len(strings.Fields(v.AllText()))) * wordTime
	case "Play":
		if digits := v.Str("digits", ""); digits != "" {
			return time.Duration(len(digits)) * wordTime
		}
		return time.Duration(loop) * playTime
	default:
		return v.Seconds("length", time.Second)
	}
}

// speaking tells whether the call's sound runs, or a stream that begins it is on its way.
func (l *life) speaking() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.zero.IsZero() || l.forked > 0
}

// reject ends a call that was never answered.
func (l *life) reject(v *twiml.Element) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answer.IsZero() {
		l.status = StatusNoAnswer
		if v.Str("reason", "rejected") == "busy" {
			l.status = StatusBusy
		}
	}
	return errRejected
}

// start begins what runs beside the call; the next verb follows at once.
func (l *life) start(noun *twiml.Element, base string) {
	if noun.Name == "Stream" {
		spec := streamSpec{
			url: noun.Attr["url"], name: noun.Attr["name"], track: noun.Str("track", "inbound_track"),
			callback: absolute(base, noun.Attr["statusCallback"]), method: noun.Str("statusCallbackMethod", "POST"),
		}
		for _, p := range noun.Children {
			spec.params = append(spec.params, parameter{p.Attr["name"], p.Attr["value"]})
		}
		_, _ = l.fork(spec) // a fault is noted; the call goes on without the stream
		return
	}
	spec := recordingSpec{source: "StartCallRecordingTwiML", name: noun.Attr["name"], channels: 2, track: noun.Str("track", "both")}
	spec.callbacks(noun, base)
	l.startRecording(spec)
}

// stopNamed stops what a <Stop> names; a name that nothing runs under is left alone, as Twilio does.
func (l *life) stopNamed(noun *twiml.Element) {
	name, now := noun.Attr["name"], l.clk.Now()
	if noun.Name == "Stream" {
		if s := l.stream(name); s != nil {
			s.halt(now)
		}
		return
	}
	if r := l.recording(name); r != nil {
		l.stopRecording(r, now)
	}
}

func absolute(base, ref string) string {
	if ref == "" {
		return ""
	}
	return resolve(base, ref)
}
