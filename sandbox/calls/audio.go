package calls

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Silence is mu-law's zero: what a track holds where nobody speaks.
const Silence = 0xFF

// bytesPerMS of mu-law at 8 kHz mono.
const bytesPerMS = 8

// convert is how sox makes a file that can be read; told with every refusal.
const convert = "convert it: sox IN -t raw -e mu-law -b 8 -r 8000 -c 1 OUT.ulaw"

// WAVE format tags, RFC 2361.
const (
	wavePCM        = 1
	waveMulaw      = 7
	waveExtensible = 0xFFFE
)

// decodeAudio reads a file's mu-law bytes: .ulaw (or .ul) is raw, .wav may hold mu-law or 16-bit PCM.
func decodeAudio(file string, data []byte) ([]byte, error) {
	switch strings.ToLower(path.Ext(file)) {
	case ".ulaw", ".ul":
		if len(data) >= 4 && string(data[:4]) == "RIFF" {
			return nil, errors.New("is a WAV file: name it .wav")
		}
		if len(data) == 0 {
			return nil, errors.New("is empty")
		}
		return data, nil
	case ".wav":
		return decodeWAV(data)
	default:
		return nil, errors.New("want .ulaw (raw mu-law) or .wav; " + convert)
	}
}

// decodeWAV walks the RIFF chunks to "fmt " and "data" and checks that they hold what a phone line carries.
func decodeWAV(data []byte) ([]byte, error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, errors.New("is no WAV file; " + convert)
	}
	var format []byte
	for rest := data[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:8]))
		rest = rest[8:]
		// A recorder that streams leaves the size open: 0 or all ones; what follows is the sound.
		if id == "data" && (size == 0 || size > len(rest)) {
			size = len(rest)
		}
		if size > len(rest) {
			return nil, fmt.Errorf("is cut off in its %q chunk", id)
		}
		switch id {
		case "fmt ":
			format = rest[:size]
		case "data":
			return samples(format, rest[:size])
		}
		rest = rest[min(size+size%2, len(rest)):]
	}
	return nil, errors.New("holds no sound: it has no data chunk")
}

// samples of a data chunk as mu-law.
func samples(format, data []byte) ([]byte, error) {
	if len(format) < 16 {
		return nil, errors.New("has no format before its sound")
	}
	tag := binary.LittleEndian.Uint16(format)
	if tag == waveExtensible && len(format) >= 26 {
		tag = binary.LittleEndian.Uint16(format[24:])
	}
	channels := binary.LittleEndian.Uint16(format[2:])
	rate := binary.LittleEndian.Uint32(format[4:])
	bits := binary.LittleEndian.Uint16(format[14:])
	switch {
	case rate != 8000 || channels != 1:
		return nil, fmt.Errorf("has %d Hz and %d channel(s), want 8000 Hz mono; %s", rate, channels, convert)
	case len(data) == 0:
		return nil, errors.New("is empty")
	case tag == waveMulaw && bits == 8:
		return data, nil
	case tag == wavePCM && bits == 16:
		out := make([]byte, len(data)/2)
		for i := range out {
			out[i] = mulaw(int16(binary.LittleEndian.Uint16(data[2*i:]))) //nolint:gosec // two's complement is what the file holds
		}
		return out, nil
	default:
		return nil, fmt.Errorf("has format %d with %d bits, want mu-law (7) or 16-bit PCM (1); %s", tag, bits, convert)
	}
}

// mulaw encodes one linear sample by ITU-T G.711: sign, three bits of exponent, four of mantissa, inverted.
func mulaw(s int16) byte {
	const bias, clip = 0x84, 32635
	v, sign := int(s), 0
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, clip) + bias
	exponent := 7
	for mask := 0x4000; v&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	return ^byte(sign | exponent<<4 | v>>(exponent+3)&0x0F)
}

// Silent tells whether a mu-law byte is as good as no sound: under 1/512 of full scale (G.711's magnitude, the
// inverted low seven bits, grows with loudness).
func Silent(b byte) bool { return ^b&0x7F <= 7 }

// sounds tells whether there is any sound in a stretch.
func sounds(b []byte) bool { return slices.ContainsFunc(b, func(x byte) bool { return !Silent(x) }) }
