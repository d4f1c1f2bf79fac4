package calls

import (
	"fmt"
	"path"
	"slices"
	"time"
)

// files reads a call's audio. Names are relative to the call's folder; they may point into a neighbour
// ("../_parts/hello.ulaw"), never out of the folder of calls.
type files struct {
	read func(name string) ([]byte, error)
	dir  string
	// seen keeps what was read, and its error: a long call uses a part many times.
	seen map[string]sound
}

type sound struct {
	mulaw []byte
	err   error
	// text that it was first said to mean.
	text string
}

// means notes what a file says, and returns what it was said to mean before, if that was something else.
func (fs *files) means(file, text string) (other string) {
	name := path.Join(fs.dir, file)
	s := fs.seen[name]
	switch s.text {
	case "":
		s.text = text
		fs.seen[name] = s
	case text:
	default:
		return s.text
	}
	return ""
}

func (fs *files) load(file string) ([]byte, error) {
	name := path.Join(fs.dir, file)
	s, ok := fs.seen[name]
	if !ok {
		data, err := fs.read(name)
		if err == nil {
			s.mulaw, err = decodeAudio(file, data)
		} else {
			err = fmt.Errorf("can't be read: %w", err)
		}
		s.err = err
		fs.seen[name] = s
	}
	return s.mulaw, s.err
}

// frame of a carrier: 20 ms of mu-law.
const frame = 160

// lay puts the call's sound on its two tracks, and fills in the times that the script leaves open.
func lay(c *Call, fs *files, f *faults) {
	c.Caller = parts(c.Audio.Caller, "audio.caller", fs, f)
	c.AgentAudio = parts(c.Audio.Agent, "audio.agent", fs, f)
	utterances(c, fs, f)
	n := max(len(c.Caller), len(c.AgentAudio))
	if c.Duration > 0 {
		n = span(c.Duration)
	}
	// Carriers send whole frames: what is left of the last one is silence, or the last word would lose its end.
	n = (n + frame - 1) / frame * frame
	c.Caller, c.AgentAudio = fit(c.Caller, n), fit(c.AgentAudio, n)
	c.Duration = Duration(time.Duration(n) * time.Millisecond / bytesPerMS)
}

// parts joins the files of one track.
func parts(list []Part, at string, fs *files, f *faults) (track []byte) {
	for i, p := range list {
		key := fmt.Sprintf("%s[%d]", at, i)
		data, err := fs.load(p.File)
		switch {
		case p.File == "":
			f.add(key, "names no file")
			continue
		case err != nil:
			f.add(key, "%s %v", p.File, err)
			continue
		}
		start := len(track)
		if f.has(key + ".at") {
			start = span(p.At)
		}
		switch {
		case p.At < 0:
			f.add(key+".at", "is before the stream begins")
		case start < len(track):
			f.add(key+".at", "%s begins at %v, before the part before it ends (%v)", p.File, p.At, length(track))
		default:
			track = append(fit(track, start), data...)
		}
	}
	return track
}

// utterances lays those that bring a file of their own, and gives each its start and end.
func utterances(c *Call, fs *files, f *faults) {
	var before Duration // end of the utterance before, on whichever track
	for i := range c.Script {
		u, key := &c.Script[i], fmt.Sprintf("script[%d]", i)
		if u.File == "" {
			if f.has(key + ".pause") {
				f.add(key+".pause", "is for an utterance with a file; give start and end")
			}
			before = u.End
			continue
		}
		begin(u, key, i == 0, before, f)
		if f.has(key + ".end") {
			f.add(key+".end", "follows from the file: leave it out")
		}
		data, err := fs.load(u.File)
		if err != nil {
			f.add(key+".file", "%s %v", u.File, err)
			continue
		}
		if other := fs.means(u.File, u.Text); other != "" {
			f.add(key+".text", "%s means other words elsewhere (%q): the same sound must always mean the same", u.File, other)
		}
		u.End = u.Start + length(data)
		before = u.End
		place(c, u, data, key, f)
	}
}

// begin settles the start of an utterance with a file: as given, or after the one before.
func begin(u *Utterance, key string, first bool, before Duration, f *faults) {
	given, pause := f.has(key+".start"), f.has(key+".pause")
	switch {
	case given && pause:
		f.add(key+".pause", "and start: give one of them")
	case given:
	case pause:
		u.Start = before + u.Pause
	case !first:
		u.Start = before + DefaultPause
	}
	if u.Start < 0 {
		f.add(key, "begins %v before the stream", -u.Start)
		u.Start = 0
	}
	u.Start = Duration(time.Duration(u.Start).Truncate(time.Millisecond / bytesPerMS))
}

// place puts data on u's track at its start; the track must be free there.
func place(c *Call, u *Utterance, data []byte, key string, f *faults) {
	track := &c.Caller
	switch u.Track {
	case TrackCaller:
	case TrackAgent:
		track = &c.AgentAudio
	default:
		return // told by check
	}
	at := span(u.Start)
	if at < len(*track) && sounds((*track)[at:min(at+len(data), len(*track))]) {
		f.add(key, "is laid over other sound of the %s's track, at %v", u.Track, u.Start)
		return
	}
	*track = fit(*track, max(len(*track), at+len(data)))
	copy((*track)[at:], data)
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
