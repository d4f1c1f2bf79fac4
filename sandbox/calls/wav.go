package calls

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// WAVE format tags, RFC 2361.
const (
	wavePCM        = 1
	waveFloat      = 3
	waveALaw       = 6
	waveMulaw      = 7
	waveExtensible = 0xFFFE
)

// unsized is the least size of a data chunk that a recorder can only have written because it did not know the size: one
// that streams into a pipe puts there all ones, or as much as a signed 32-bit number or two leave room for.
const unsized = 0x7FFF0000

// decodeWAV walks the RIFF chunks to "fmt " and "data" and checks that they hold what a phone line carries.
func decodeWAV(name string, data []byte) ([]byte, error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, fmt.Errorf("is cut off in its header, or no WAV: record or copy it again")
	}
	var format []byte
	for rest := data[12:]; len(rest) >= 8; {
		id, size := string(rest[:4]), int(binary.LittleEndian.Uint32(rest[4:8]))
		rest = rest[8:]
		if id == "data" && (size == 0 || size >= unsized) {
			size = len(rest)
		}
		if size > len(rest) {
			return nil, fmt.Errorf("is cut off: its %q chunk says %d bytes, and %d are there; record or copy it again", id, size, len(rest))
		}
		switch id {
		case "fmt ":
			format = rest[:size]
		case "data":
			return samples(name, format, rest[:size])
		}
		rest = rest[min(size+size%2, len(rest)):]
	}
	return nil, errors.New("holds no sound: it has no data chunk; record or copy it again")
}

// samples of a data chunk as mu-law.
func samples(name string, format, data []byte) ([]byte, error) {
	if len(format) < 16 {
		return nil, errors.New("is broken: there is no format before its sound; record or copy it again")
	}
	tag := binary.LittleEndian.Uint16(format)
	if tag == waveExtensible && len(format) >= 26 {
		tag = binary.LittleEndian.Uint16(format[24:])
	}
	channels := binary.LittleEndian.Uint16(format[2:])
	rate := binary.LittleEndian.Uint32(format[4:])
	block := binary.LittleEndian.Uint16(format[12:])
	bits := binary.LittleEndian.Uint16(format[14:])
	switch {
	case rate != 8000 || channels != 1 || tag != wavePCM && tag != waveMulaw || tag == wavePCM && bits != 16 || tag == waveMulaw && bits != 8:
		return nil, fmt.Errorf("is WAV of %d Hz, %s, %s: want 8000 Hz, mono, 16-bit PCM or mu-law; %s",
			rate, width(channels), coding(tag, bits), convert(name, "WAV"))
	case block != bits/8:
		return nil, fmt.Errorf("is broken: its header says %d bytes for a sample of %d bits; %s", block, bits, convert(name, "WAV"))
	case len(data) == 0:
		return nil, errors.New("is empty")
	case tag == waveMulaw:
		return data, nil
	case len(data)%2 != 0:
		return nil, errors.New("is cut off: its sound ends within a sample; record or copy it again")
	}
	out := make([]byte, len(data)/2)
	for i := range out {
		out[i] = mulaw(int16(binary.LittleEndian.Uint16(data[2*i:]))) //nolint:gosec // two's complement is what the file holds
	}
	return out, nil
}

func width(channels uint16) string {
	switch channels {
	case 1:
		return "mono"
	case 2:
		return "stereo"
	default:
		return fmt.Sprintf("%d channels", channels)
	}
}

func coding(tag, bits uint16) string {
	switch tag {
	case wavePCM:
		return fmt.Sprintf("%d-bit PCM", bits)
	case waveFloat:
		return fmt.Sprintf("%d-bit floating point", bits)
	case waveALaw:
		return "A-law"
	case waveMulaw:
		return "mu-law"
	default:
		return fmt.Sprintf("format %d", tag)
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

// linear decodes a mu-law byte by ITU-T G.711.
func linear(b byte) int16 {
	b = ^b
	v := (int16(b&0x0F)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		return -v
	}
	return v
}
