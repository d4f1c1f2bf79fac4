package calls

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// script says what is wrong with what is said, its sound aside.
func script(c *Call, f *faults) {
	for i, u := range c.Script {
		key := fmt.Sprintf("script[%d]", i)
		switch {
		case !f.clean(key + ".text"):
		case strings.TrimSpace(u.Text) == "":
			f.add(key+".text", "is empty: write what is said, as a recogniser should write it")
		case bare(u.Text) == "":
			f.add(key+".text", "%q holds no word: write what is said, as a recogniser should write it; leave out sounds that are no words", u.Text)
		}
		if u.Language != "" && !language.MatchString(u.Language) {
			f.add(key+".language", "%q: want BCP 47, as en-US", u.Language)
		}
		switch {
		case u.Track == TrackCaller, u.Track == TrackAgent, !f.clean(key + ".track"):
		case u.Track == "":
			f.add(key, "names no track: say who speaks, track: %s or track: %s", TrackCaller, TrackAgent)
			f.bad[key+".track"] = true
		default:
			f.add(key+".track", "%q: want %q or %q", u.Track, TrackCaller, TrackAgent)
		}
		voice(u.Voice, key+".voice", f)
	}
}

// Synthesisers that the tool say knows, as voices name them.
const (
	Flite    = "flite"
	EspeakNG = "espeak-ng"
)

// fliteVoices are those that Debian's flite is built with. It speaks with its first voice, and doesn't say so, where it
// doesn't know the name.
var fliteVoices = []string{"awb", "kal", "kal16", "rms", "slt"} //nolint:gochecknoglobals // a constant that the language can't write

// ParseVoice splits "flite:slt" into the synthesiser and its voice; "espeak" is short for "espeak-ng".
func ParseVoice(s string) (engine, name string, err error) {
	engine, name, _ = strings.Cut(s, ":")
	if engine == "espeak" {
		engine = EspeakNG
	}
	switch {
	case engine != Flite && engine != EspeakNG || name == "":
		return "", "", fmt.Errorf("%q: want a synthesiser and its voice, as flite:slt or espeak-ng:en-us", s)
	case engine == Flite && !slices.Contains(fliteVoices, name):
		return "", "", fmt.Errorf("%q: flite's voices are %s", s, sentence(fliteVoices, "and"))
	case engine == EspeakNG && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+_") != "":
		return "", "", fmt.Errorf("%q: want a voice that espeak-ng --voices lists, as espeak-ng:en-us or espeak-ng:es-419+f3", s)
	}
	return engine, name, nil
}

func voices(c *Call, f *faults) {
	voice(c.Voices.Caller, "voices.caller", f)
	voice(c.Voices.Agent, "voices.agent", f)
}

func voice(s, key string, f *faults) {
	if s == "" {
		return
	}
	if _, _, err := ParseVoice(s); err != nil {
		f.add(key, "%v", err)
	}
}

// perWord is the least sound that a word takes: twice as fast as anybody speaks.
const perWord = Duration(100 * time.Millisecond)

// checkSound says what is wrong between the script and the sound.
func (l *laying) checkSound() {
	last := map[string]Duration{}
	cut := false
	for i, u := range l.c.Script {
		key := fmt.Sprintf("script[%d]", i)
		if l.clip[i] != nil {
			l.utters(u, l.clip[i], key+".file", u.File)
		}
		if !l.known[i] {
			continue
		}
		switch {
		case i > 0 && l.known[i-1] && u.Start < l.c.Script[i-1].Start:
			l.f.add(key, "starts before the utterance before it: write the script in order of start")
		case u.Start < last[u.Track]:
			l.f.add(key, "overlaps the utterance before it on the %s's track: one says one thing at a time", u.Track)
		}
		before := last[u.Track]
		last[u.Track] = max(before, u.End)
		track := l.c.Caller
		if u.Track == TrackAgent {
			track = l.c.AgentAudio
		}
		switch {
		case l.holed[u.Track], cut, !l.f.clean("duration"): // how long the track is can't be known, or was told
		case span(u.End) > len(track):
			l.f.add(key, "ends at %v, after the stream (%v)", u.End, l.c.Duration)
			cut = l.f.has("duration") // the rest is beyond its end as well
			last[u.Track] = before    // and what follows need not overlap what can't be
		case l.clip[i] == nil && !l.f.bad[key]:
			l.utters(u, track[span(u.Start):span(u.End)], key, fmt.Sprintf("the %s's audio from %v to %v", u.Track, u.Start, u.End))
		}
	}
}

// utters checks that a stretch of sound can be what is said.
func (l *laying) utters(u Utterance, stretch []byte, key, what string) {
	heard := trimmed(stretch)
	words := strings.Fields(bare(u.Text))
	switch n := Duration(len(words)) * perWord; {
	case len(words) == 0: // told
	case len(heard) == 0:
		l.f.add(key, "%s holds no sound", what)
	case length(heard) < n:
		l.f.add(key, "%s holds %v of sound, too little for %d words: each takes 100ms or more; is it the right sound?",
			what, length(heard).Std().Round(time.Millisecond), len(words))
	default:
		first, known := l.fs.says(&clip{heard, saying{u.Text, l.f.where(key)}, l.f, key, what})
		switch {
		case known && bare(first.text) != bare(u.Text):
			l.f.add(key, "%s is the same sound as at %s, which says other words (%q): the same sound must always mean the same words",
				what, first.where, short(first.text))
		case !known && tone(heard):
			l.f.add(key, "%s is a pure tone: the recogniser can't tell one beep from another, so record speech", what)
		}
	}
}

// transcript checks that what is expected to be recognised is said.
func transcript(c *Call, f *faults) {
	spoken := map[string]string{}
	for _, u := range c.Script {
		spoken[u.Track] += " " + bare(u.Text)
	}
	for i, line := range c.Expect.Transcript {
		key := fmt.Sprintf("expect.transcript[%d]", i)
		words := bare(line)
		if !f.clean(key) {
			continue
		}
		if words == "" {
			f.add(key, "%q holds no word; for a call of which nothing may be recognised write transcript: []", line)
			continue
		}
		found := false
		for _, s := range spoken {
			found = found || strings.Contains(s+" ", " "+words+" ")
		}
		if !found && f.clean("script") {
			f.add(key, "%q is not in the script, so nobody says it", short(line))
		}
	}
}
