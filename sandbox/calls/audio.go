package calls

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Silence is mu-law's zero: what a track holds where nobody speaks.
const Silence = 0xFF

// bytesPerMS of mu-law at 8 kHz mono.
const bytesPerMS = 8

// decodeAudio reads a file's mu-law bytes: .ulaw (or .ul) is raw, .wav may hold mu-law or 16-bit PCM. name is the
// file's as its reader can type it; an error says how to make of it what is wanted.
func decodeAudio(name string, data []byte) ([]byte, error) {
	ext := strings.ToLower(path.Ext(name))
	raw := ext == ".ulaw" || ext == ".ul"
	kind := kindOf(data)
	switch {
	case len(data) == 0 && (raw || ext == ".wav"):
		return nil, fmt.Errorf("is empty")
	case kind == "WAV" && raw:
		return nil, fmt.Errorf("is WAV, though its name says raw mu-law: name it .wav")
	case kind == "WAV" && ext == ".wav":
		return decodeWAV(name, data)
	case kind == "" && raw:
		return data, nil
	case kind == "" && ext == ".wav":
		return nil, fmt.Errorf("is no WAV file, though its name says so; %s", convert(name, ""))
	case kind == "":
		kind = kindNamed(ext)
	}
	if kind == "" {
		return nil, fmt.Errorf("is of no kind that is known here: want .wav or .ulaw; %s", convert(name, ""))
	}
	return nil, fmt.Errorf("is %s: want WAV or raw mu-law; %s", kind, convert(name, kind))
}

// convert is the command that makes a WAV file that can be read. sox reads what is not compressed; for the rest Debian
// gives it plug-ins that are often missing, so that is ffmpeg's.
func convert(name, kind string) string {
	out := strings.TrimSuffix(name, path.Ext(name)) + ".wav"
	if out == name {
		out = strings.TrimSuffix(name, path.Ext(name)) + "-8k.wav"
	}
	command := "ffmpeg -i %s -ar 8000 -ac 1 -c:a pcm_s16le %s"
	if kind == "WAV" || kind == "AIFF" || kind == "AU" {
		command = "sox %s -r 8000 -c 1 -b 16 %s"
	}
	return fmt.Sprintf("convert it and name the new file here: "+command, quoted(name), quoted(out))
}

// quoted is a file's name as a shell takes it.
func quoted(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+,:@%") == "" {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// kindOf tells what a file is from its first bytes; empty for raw sound and whatever else begins like none of these.
func kindOf(data []byte) string {
	for _, k := range []struct {
		at          int
		magic, kind string
	}{
		{0, "RIFF", "WAV"}, {0, "OggS", "Ogg"}, {0, "fLaC", "FLAC"}, {0, "FORM", "AIFF"}, {0, ".snd", "AU"}, {0, "caff", "CAF"},
		{0, "#!AMR", "AMR"}, {0, "ID3\x02", "MP3"}, {0, "ID3\x03", "MP3"}, {0, "ID3\x04", "MP3"}, {4, "ftyp", "MP4"},
		{0, "\x1A\x45\xDF\xA3", "WebM"}, {0, "RF64", "WAV of more than 4 GB"}, {0, "RIFX", "WAV in big-endian order"},
	} {
		if len(data) >= k.at && bytes.HasPrefix(data[k.at:], []byte(k.magic)) {
			return k.kind
		}
	}
	return ""
}

// kindNamed tells what a file is from its name, for kinds whose first bytes say little.
func kindNamed(ext string) string {
	switch ext {
	case ".mp3":
		return "MP3"
	case ".aac", ".m4a", ".mp4":
		return "AAC"
	case ".ogg", ".oga", ".opus":
		return "Ogg"
	case ".wma":
		return "WMA"
	case ".gsm":
		return "GSM"
	}
	return ""
}

// Silent tells whether a mu-law byte is as good as no sound: under 1/512 of full scale (G.711's magnitude, the
// inverted low seven bits, grows with loudness).
func Silent(b byte) bool { return ^b&0x7F <= 7 }

// sounds tells whether there is any sound in a stretch.
func sounds(b []byte) bool { return slices.ContainsFunc(b, func(x byte) bool { return !Silent(x) }) }

// trimmed is a stretch without the silence around it.
func trimmed(b []byte) []byte {
	for len(b) > 0 && Silent(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && Silent(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}
