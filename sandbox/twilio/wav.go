package twilio

import (
	"encoding/binary"
	"io"
	"time"
)

// wav is a recording's file, made while it is read: 16-bit PCM at 8 kHz. Two channels are the caller's and the
// other side's; one is both together, or the one track that was recorded.
// Source: https://www.twilio.com/docs/voice/api/recording#fetch-a-recordings-media-file
type wav struct {
	caller, agent []byte // shared mu-law, nil if not recorded
	offset        int    // of the file's first sample in the tracks; may be negative
	samples       int
	channels      int
	mute          []span // samples of the file that were paused away
}

type span struct{ from, to int }

const wavHeader = 44

// wav makes the file with 1 or 2 channels. The caller holds the life's mutex.
func (r *recording) wav(channels int) *wav {
	l := r.l
	at := func(t time.Time) int { return int(t.Sub(r.began)/time.Millisecond) * bytesPerMs }
	w := &wav{channels: channels, samples: at(r.end)}
	if r.end.IsZero() {
		w.samples = 0
	}
	if !l.zero.IsZero() {
		w.offset = int(r.began.Sub(l.zero)/time.Millisecond) * bytesPerMs
		if r.track != "outbound" {
			w.caller = l.in.Caller
		}
		if r.track != "inbound" {
			w.agent = l.in.AgentAudio
		}
	}
	for _, p := range r.pauses {
		w.mute = append(w.mute, span{at(p.from), at(p.to)})
	}
	return w
}

func (w *wav) size() int64 { return int64(wavHeader + w.samples*w.channels*2) }

func (w *wav) reader() io.ReadSeeker { return io.NewSectionReader(w, 0, w.size()) }

// ReadAt implements io.ReaderAt.
func (w *wav) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) && off+int64(n) < w.size() {
		at := off + int64(n)
		if at < wavHeader {
			n += copy(p[n:], w.header()[at:])
			continue
		}
		i := at - wavHeader
		value := w.sample(int(i/2)/w.channels, int(i/2)%w.channels)
		if i%2 == 0 {
			p[n] = byte(value)
		} else {
			p[n] = byte(value >> 8)
		}
		n++
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// sample is one sample of one channel.
func (w *wav) sample(i, channel int) int16 {
	for _, m := range w.mute {
		if i >= m.from && i < m.to {
			return 0
		}
	}
	caller, agent := linear(w.caller, w.offset+i), linear(w.agent, w.offset+i)
	switch {
	case w.channels == 1:
		return int16(max(-32768, min(32767, caller+agent)))
	case channel == 0:
		return int16(caller)
	default:
		return int16(agent)
	}
}

// linear decodes one mu-law sample by ITU-T G.711; outside the track there is silence.
func linear(track []byte, i int) int {
	if i < 0 || i >= len(track) {
		return 0
	}
	u := ^track[i]
	magnitude := (int(u&0x0F)<<3+0x84)<<(u>>4&7) - 0x84
	if u&0x80 != 0 {
		return -magnitude
	}
	return magnitude
}

func (w *wav) header() []byte {
	data := uint32(w.samples * w.channels * 2)
	h := make([]byte, 0, wavHeader)
	h = append(h, "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, 36+data)
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, uint16(w.channels))
	h = binary.LittleEndian.AppendUint32(h, 8000)
	h = binary.LittleEndian.AppendUint32(h, uint32(8000*w.channels*2))
	h = binary.LittleEndian.AppendUint16(h, uint16(w.channels*2))
	h = binary.LittleEndian.AppendUint16(h, 16)
	h = append(h, "data"...)
	return binary.LittleEndian.AppendUint32(h, data)
}
