package calls_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// beep is ms milliseconds of a pure tone as 16-bit samples.
func beep(ms int, hz float64) []byte {
	b := make([]byte, 0, ms*16)
	for i := range ms * 8 {
		v := int16(8000 * math.Sin(2*math.Pi*hz*float64(i)/8000))
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// sounds are what every folder of these tests holds.
func sounds() map[string]string {
	unsized := wav(7, 1, 8000, 8, tone(1000))
	copy(unsized[len(unsized)-8004:], "\xff\xff\xff\xff")
	long := wav(7, 1, 8000, 8, tone(1000))
	return map[string]string{
		"hello.ulaw": string(tone(1000)), "other.ulaw": string(tone(1400)), "again.ulaw": string(silence(80)) + string(tone(1000)) + string(silence(9)),
		"silent.ulaw": string(silence(1000)), "empty.ulaw": "", "empty.wav": "", "folder.wav/x": "x",
		"beep.wav": string(wav(1, 1, 8000, 16, beep(500, 441))), "short.ulaw": string(tone(150)),
		"streamed.wav": string(unsized), "cut.wav": string(long[:4000]), "header.wav": string(long[:10]), "none.wav": string(long[:36]),
		"stereo.wav": string(wav(1, 2, 44100, 16, tone(10))), "float.wav": string(wav(3, 1, 8000, 32, tone(10))),
		"alaw.wav": string(wav(6, 1, 8000, 8, tone(10))), "half.wav": string(wav(1, 1, 8000, 16, tone(10)[:79])),
		"adpcm.wav": string(wav(17, 1, 8000, 4, tone(10))), "six.wav": string(wav(1, 6, 8000, 16, tone(10))),
		"block.wav":    strings.Replace(string(wav(7, 1, 8000, 8, tone(10))), "\x01\x00\x08\x00", "\x02\x00\x08\x00", 1),
		"renamed.ulaw": string(wav(7, 1, 8000, 8, tone(10))), "mp3.mp3": "\xff\xfb\x90\x00", "tagged.wav": "ID3\x04rest", "ogg.ogg": "OggSrest",
		"it's mine.m4a": "\x00\x00\x00\x20ftypM4A rest", "text.wav": "hello", "text.txt": "hello", "aiff.aiff": "FORM\x00\x00\x00\x00AIFF",
	}
}

func silence(ms int) []byte { return []byte(strings.Repeat("\xff", ms*8)) }

// faultsOf loads calls beside the sounds, and returns the error without the folder's name.
func faultsOf(t *testing.T, yaml map[string]string, lines calls.Lines) string {
	t.Helper()
	files := map[string]string{}
	for name, text := range yaml {
		files[name+"/call.yaml"] = text
	}
	if yaml["x"] == "" {
		files["x/call.yaml"] = dials + "hang_up: ringing\n"
	}
	for name, data := range sounds() {
		files["x/"+name] = data
	}
	dir := folder(t, files)
	list, err := calls.LoadFor(dir, lines)
	if err == nil {
		return ""
	}
	if list != nil {
		t.Error("calls came with an error")
	}
	return strings.ReplaceAll(strings.ReplaceAll(err.Error(), dir+"/", ""), dir, "DIR")
}

const (
	dials = "from: +14155550123\nto: +14155550100\n"
	says  = dials + "script:\n"
)

// Every fault of a call is told at once, where it stands, and what follows from it is not.
func TestFaults(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"unknown keys", "from: +14155550123\nto: +14155550100\nhangup: ringing\nwhatever: 1\nscript:\n  - {track: agent, file: hello.ulaw, text: Hi, tekst: x}\nexpect:\n  intents: x\n", `
3:1: hangup: unknown key; did you mean "hang_up"?
4:1: whatever: unknown key; known here: after, agent, audio, crm, duration, expect, forwarded_from, from, hang_up, keypad, report_consent, script, title, to, voices
6:48: script[0].tekst: unknown key; did you mean "text"?
8:3: expect.intents: unknown key; did you mean "intent"?`},
		{"mistyped and so missing", "fro: +14155550123\ntoo: +14155550100\ntitle: x\n", `
1:1: fro: unknown key; did you mean "from"?
2:1: too: unknown key; did you mean "to"?`},
		{"missing", "title: x\n", `
1:1: from: is missing: give the caller's number in E.164, as +14155550123, or "anonymous"
1:1: to: is missing: give the dialled number in E.164, as +14155550100`},
		{"numbers", "from: 4155550123\nto: (415) 555-0100\nforwarded_from: x\nhang_up: later\nkeypad: ['1', 'x']\n", `
1:1: from: "4155550123": want a number in E.164, as +14155550123, or "anonymous"
2:1: to: "(415) 555-0100": want a number in E.164, as +14155550100
3:1: forwarded_from: "x": want a number in E.164, as +14155550100
4:1: hang_up: "later": want "ringing" or "question"
5:15: keypad[1]: "x": want keys 0 to 9, * and #, or "" for no answer`},
		{"no mapping", "- 1\n- 2\n", `
1:1: want keys and values, got a list`},
		{"empty", "# nothing\n", `
1:1: the file is empty`},
		{"not yaml", "from: [1\nto: +14", `
2:1: not YAML: ',' or ']' must be specified`},
		{"a byte-order mark", "\xEF\xBB\xBF" + dials + "hang_up: ringing\r\n", ``},
		{"Latin-1", dials + "hang_up: ringing\ntitle: \"\u00a1Hola, se\xF1or!\"\n", `
4:18: is not UTF-8 from here on: save it as UTF-8`},
		{"UTF-16", "\xFF\xFEf\x00r\x00", `
1:1: is UTF-16: save it as UTF-8`},
		{"a tab", dials + "expect:\n\tintent: x\n", `
4:1: not YAML: found character '	' that cannot start any token`},
		{"brackets without end", dials + "keypad: " + strings.Repeat("[", 300000) + "\n", `
1:1: is larger than 256 KB: that is no call.yaml`},
		{"brackets within brackets", dials + "keypad: " + strings.Repeat("[", 101) + "\n", `
3:1: nests deeper than any call.yaml needs to: look for a bracket that isn't closed`},
		{"dashes within dashes", dials + "keypad:\n  " + strings.Repeat("- ", 101) + "\n", `
4:1: nests deeper than any call.yaml needs to: look for a bracket that isn't closed`},
		{"twice", dials + "from: +14155550124\n", `
3:1: not YAML: mapping key "from" already defined at [1:1]`},
		{"two documents", dials + "---\n" + dials, `
1:1: holds 2 documents; one is wanted`},
		{"anchors", "from: &n +14155550123\nto: *n\n", `
1:1: from: anchors, aliases and tags are not understood: write the value out
2:1: to: anchors, aliases and tags are not understood: write the value out`},
		{"bare seconds", dials + "duration: 12\n", `
3:1: duration: "12" is no duration: write it with its unit, as 320ms, 1.5s or 2m`},
		{"out of bounds", dials + "duration: 40h\nagent: {answers_after: -1s, disposition_after: 99h}\n", `
3:1: duration: 40h0m0s: want 0s to 2h0m0s
4:9: agent.answers_after: -1s: want 0s to 2h0m0s
4:29: agent.disposition_after: 99h0m0s: want 0s to 2h0m0s`},
		{"hang up speaks", says + "  - {track: agent, file: hello.ulaw, text: Hello.}\nhang_up: question\n", `
5:1: hang_up: ends the call before its stream: leave out script, audio and duration, or hang_up`},
		{"kinds", dials + "keypad: {a: b}\nexpect: [x]\nagent: true\ntitle: [a]\n", `
3:9: keypad[0]: want text, got keys and values
4:1: expect: want keys and values, got a list
5:1: agent: want keys and values, got "true"
6:1: title: want text, got a list`},
		{"neither yes nor no", dials + "expect: {recorded: 7, consent: maybe, intent: x}\n", `
3:10: expect.recorded: want true or false, got "7"
3:23: expect.consent: want true or false, got "maybe"`},
		{"nothing to look at", dials + "expect: {recorded: false, intent: x, records: [{object: Lead, fields: {LastName: x}}]}\n", `
3:10: expect.recorded: false leaves nothing to look at: leave it out, or leave out intent and records`},

		{"no such file", says + `  - {track: agent, file: helo.ulaw, text: Hi}
  - {track: agent, file: hello.wav, text: Hi}
  - {track: agent, file: nowhere.ulaw, text: Hi}
  - {track: agent, file: nowhere.wav, text: Hi}
  - {track: agent, file: folder.wav, text: Hi}
`, `
4:20: script[0].file: helo.ulaw isn't there; did you mean "hello.ulaw"?
5:20: script[1].file: hello.wav isn't there; did you mean "hello.ulaw"?
6:20: script[2].file: nowhere.ulaw isn't there: record it, or have it spoken by go run ./sandbox/calls/say DIR
7:20: script[3].file: nowhere.wav isn't there: record it; or name it .ulaw, give voices and have it spoken by the tool say
8:20: script[4].file: folder.wav is no file`},
		{"outside", says + "  - {track: agent, file: ../../hello.ulaw, text: Hi}\n  - {track: agent, file: /tmp/hello.ulaw, text: Hi}\n", `
4:20: script[0].file: ../../hello.ulaw lies outside of DIR: copy it into the call's folder, or beside it (../_parts/hello.ulaw is fine)
5:20: script[1].file: /tmp/hello.ulaw lies outside of DIR: copy it into the call's folder, or beside it (../_parts/hello.ulaw is fine)`},
		{"formats", dials + "audio:\n  caller: [stereo.wav, mp3.mp3, tagged.wav, ogg.ogg, \"it's mine.m4a\", aiff.aiff, text.txt, text.wav, float.wav, alaw.wav, adpcm.wav, six.wav, renamed.ulaw]\n", `
4:12: audio.caller[0].file: stereo.wav is WAV of 44100 Hz, stereo, 16-bit PCM: want 8000 Hz, mono, 16-bit PCM or mu-law; convert it and name the new file here: sox x/stereo.wav -r 8000 -c 1 -b 16 x/stereo-8k.wav
4:24: audio.caller[1].file: mp3.mp3 is MP3: want WAV or raw mu-law; convert it and name the new file here: ffmpeg -i x/mp3.mp3 -ar 8000 -ac 1 -c:a pcm_s16le x/mp3.wav
4:33: audio.caller[2].file: tagged.wav is MP3: want WAV or raw mu-law; convert it and name the new file here: ffmpeg -i x/tagged.wav -ar 8000 -ac 1 -c:a pcm_s16le x/tagged-8k.wav
4:45: audio.caller[3].file: ogg.ogg is Ogg: want WAV or raw mu-law; convert it and name the new file here: ffmpeg -i x/ogg.ogg -ar 8000 -ac 1 -c:a pcm_s16le x/ogg.wav
4:54: audio.caller[4].file: it's mine.m4a is MP4: want WAV or raw mu-law; convert it and name the new file here: ffmpeg -i 'x/it'\''s mine.m4a' -ar 8000 -ac 1 -c:a pcm_s16le 'x/it'\''s mine.wav'
4:71: audio.caller[5].file: aiff.aiff is AIFF: want WAV or raw mu-law; convert it and name the new file here: sox x/aiff.aiff -r 8000 -c 1 -b 16 x/aiff.wav
4:82: audio.caller[6].file: text.txt is of no kind that is known here: want .wav or .ulaw; convert it and name the new file here: ffmpeg -i x/text.txt -ar 8000 -ac 1 -c:a pcm_s16le x/text.wav
4:92: audio.caller[7].file: text.wav is no WAV file, though its name says so; convert it and name the new file here: ffmpeg -i x/text.wav -ar 8000 -ac 1 -c:a pcm_s16le x/text-8k.wav
4:102: audio.caller[8].file: float.wav is WAV of 8000 Hz, mono, 32-bit floating point: want 8000 Hz, mono, 16-bit PCM or mu-law; convert it and name the new file here: sox x/float.wav -r 8000 -c 1 -b 16 x/float-8k.wav
4:113: audio.caller[9].file: alaw.wav is WAV of 8000 Hz, mono, A-law: want 8000 Hz, mono, 16-bit PCM or mu-law; convert it and name the new file here: sox x/alaw.wav -r 8000 -c 1 -b 16 x/alaw-8k.wav
4:123: audio.caller[10].file: adpcm.wav is WAV of 8000 Hz, mono, format 17: want 8000 Hz, mono, 16-bit PCM or mu-law; convert it and name the new file here: sox x/adpcm.wav -r 8000 -c 1 -b 16 x/adpcm-8k.wav
4:134: audio.caller[11].file: six.wav is WAV of 8000 Hz, 6 channels, 16-bit PCM: want 8000 Hz, mono, 16-bit PCM or mu-law; convert it and name the new file here: sox x/six.wav -r 8000 -c 1 -b 16 x/six-8k.wav
4:143: audio.caller[12].file: renamed.ulaw is WAV, though its name says raw mu-law: name it .wav`},
		{"broken sound", dials + "audio:\n  caller: [cut.wav, header.wav, none.wav, half.wav, block.wav, empty.wav, empty.ulaw]\n", `
4:12: audio.caller[0].file: cut.wav is cut off: its "data" chunk says 8000 bytes, and 3944 are there; record or copy it again
4:21: audio.caller[1].file: header.wav is cut off in its header, or no WAV: record or copy it again
4:33: audio.caller[2].file: none.wav holds no sound: it has no data chunk; record or copy it again
4:43: audio.caller[3].file: half.wav is cut off: its sound ends within a sample; record or copy it again
4:53: audio.caller[4].file: block.wav is broken: its header says 2 bytes for a sample of 8 bits; convert it and name the new file here: sox x/block.wav -r 8000 -c 1 -b 16 x/block-8k.wav
4:64: audio.caller[5].file: empty.wav is empty
4:75: audio.caller[6].file: empty.ulaw is empty`},
		{"a recorder that streams", dials + "audio: {caller: streamed.wav}\n", ``},
		{"parts", dials + "audio:\n  agent:\n    - hello.ulaw\n    - {file: hello.ulaw, at: 100ms}\n    - {at: 10s}\n    - {file: hello.ulaw, at: -1s}\n    - {file: hello.ulaw, at: 30h}\n", `
6:26: audio.agent[1].at: hello.ulaw begins at 100ms, before the part before it ends (1s)
7:7: audio.agent[2]: names no file
8:26: audio.agent[3].at: -1s: want 0s or more, from the beginning of the stream
9:26: audio.agent[4].at: 30h0m0s: want up to 2h0m0s`},
		{"a part that can't be read", dials + "audio:\n  agent: [nowhere.wav, {file: hello.ulaw, at: 100ms}]\nscript:\n  - {track: agent, start: 0s, end: 9s, text: Hi}\n", `
4:11: audio.agent[0].file: nowhere.wav isn't there: record it; or name it .ulaw, give voices and have it spoken by the tool say`},

		{"words", says + `  - {track: agent, file: hello.ulaw, text: ''}
  - {track: agent, file: hello.ulaw, text: '...'}
  - {track: robot, file: hello.ulaw, text: Hi}
  - {file: hello.ulaw, text: Hi}
  - {track: agent, file: hello.ulaw, text: Hi, language: English, voice: siri}
voices: {caller: "flite:nobody", agent: "espeak-ng:"}
`, `
4:38: script[0].text: is empty: write what is said, as a recogniser should write it
5:38: script[1].text: "..." holds no word: write what is said, as a recogniser should write it; leave out sounds that are no words
6:6: script[2].track: "robot": want "caller" or "agent"
7:5: script[3]: names no track: say who speaks, track: caller or track: agent
8:48: script[4].language: "English": want BCP 47, as en-US
8:67: script[4].voice: "siri": want a synthesiser and its voice, as flite:slt or espeak-ng:en-us
9:10: voices.caller: "flite:nobody": flite's voices are awb, kal, kal16, rms and slt
9:34: voices.agent: "espeak-ng:": want a synthesiser and its voice, as flite:slt or espeak-ng:en-us`},
		{"times", dials + `audio: {agent: hello.ulaw}
script:
  - {track: agent, start: 0s, end: 3s, text: Hi}
  - {track: agent, start: 500ms, end: 100ms, text: Hi}
  - {track: agent, start: 100, end: 200ms, text: Hi}
  - {track: agent, start: 400ms, end: 800ms, text: Hi there}
  - {track: agent, start: 300ms, end: 500ms, text: Hi}
  - {track: agent, start: 900ms, end: 1s, text: Hi, pause: 1s}
  - {track: agent, start: 900ms, text: Hi}
  - {track: caller, start: 1s, end: 2s, text: Hi}
`, `
5:5: script[0]: ends at 3s, after the stream (1s)
6:5: script[1]: says start 500ms and end 100ms: want 0s <= start < end, and at most 2h0m0s
7:20: script[2].start: "100" is no duration: write it with its unit, as 320ms, 1.5s or 2m
9:5: script[4]: starts before the utterance before it: write the script in order of start
10:53: script[5].pause: is for an utterance with a file; give start and end
11:5: script[6]: brings no file: give start and end
12:5: script[7]: has no sound: give its file; or start and end, and a recording of the whole caller track under audio`},
		{"files and times", says + `  - {track: agent, file: hello.ulaw, text: Hi, end: 1s}
  - {track: agent, file: hello.ulaw, text: Hi, start: 500ms}
  - {track: agent, file: hello.ulaw, text: Hi, start: 2s, pause: 1s}
  - {track: agent, file: hello.ulaw, text: Hi, start: 2s}
  - {track: agent, file: hello.ulaw, text: Hi, pause: -9s}
  - {track: agent, file: hello.ulaw, text: Hi, start: 9h}
`, `
4:48: script[0].end: follows from the file: leave it out
5:5: script[1]: is laid over other sound of the agent's track, at 500ms
6:59: script[2].pause: and start: give one of them
8:48: script[4].pause: -9s makes it begin 6s before the stream; a pause counts from the end of the entry before
9:5: script[5]: begins at 9h0m0s: want up to 2h0m0s`},
		{"beyond the duration", says + "  - {track: agent, file: hello.ulaw, text: Hi}\n  - {track: caller, file: hello.ulaw, text: Hi}\n  - {track: agent, file: hello.ulaw, text: Hi}\nduration: 1s\n", `
5:5: script[1]: ends at 2.3s, after the stream (1s)`},
		{"what follows is not told", says + `  - {track: agent, file: nowhere.ulaw, text: Hi}
  - {track: agent, file: hello.ulaw, text: Hi, pause: -500ms}
  - {track: caller, file: hello.ulaw, text: Hi, start: soon}
  - {track: caller, file: hello.ulaw, text: Hi}
  - {track: caller, file: hello.ulaw, text: Hi, start: 20s}
  - {track: caller, file: hello.ulaw, text: Hi, start: 10s}
duration: 30
`, `
4:20: script[0].file: nowhere.ulaw isn't there: record it, or have it spoken by go run ./sandbox/calls/say DIR
6:49: script[2].start: "soon" is no duration: write it with its unit, as 320ms, 1.5s or 2m
9:5: script[5]: starts before the utterance before it: write the script in order of start
10:1: duration: "30" is no duration: write it with its unit, as 320ms, 1.5s or 2m`},
		{"sound that can't be the words", says + `  - {track: agent, file: silent.ulaw, text: Hi}
  - {track: agent, file: short.ulaw, text: Two words}
  - {track: agent, file: beep.wav, text: Hi}
  - {track: agent, file: hello.ulaw, text: Hi}
  - {track: caller, file: again.ulaw, text: Bye}
  - {track: caller, file: hello.ulaw, text: "HI!"}
`, `
4:20: script[0].file: silent.ulaw holds no sound
5:20: script[1].file: short.ulaw holds 150ms of sound, too little for 2 words: each takes 100ms or more; is it the right sound?
6:20: script[2].file: beep.wav is a pure tone: the recogniser can't tell one beep from another, so record speech
8:21: script[4].file: again.ulaw is the same sound as at 7:20, which says other words ("Hi"): the same sound must always mean the same words`},
		{"a stretch that can't be the words", dials + `audio: {caller: [hello.ulaw, silent.ulaw, other.ulaw]}
script:
  - {track: caller, start: 0s, end: 1s, text: Hi}
  - {track: caller, start: 1s, end: 2s, text: Hi}
  - {track: caller, start: 2s, end: 2.1s, text: Two words}
`, `
6:5: script[1]: the caller's audio from 1s to 2s holds no sound
7:5: script[2]: the caller's audio from 2s to 2.1s holds 100ms of sound, too little for 2 words: each takes 100ms or more; is it the right sound?`},

		{"reports", dials + "report_consent: [{at: 2s, answer: granted}, {at: 1s, answer: maybe}, {at: 3, answer: 1}, {at: 2s, answer: granted}, {at: -1s, answer: refused}]\n", `
3:46: report_consent[1].at: 1s: is before the answer before it: write them in order of time
3:54: report_consent[1].answer: "maybe": want "granted", "refused" or "withdrawn"
3:71: report_consent[2].at: "3" is no duration: write it with its unit, as 320ms, 1.5s or 2m
3:78: report_consent[2].answer: "1": want "granted", "refused" or "withdrawn"
3:118: report_consent[4].at: -1s: want 0s to 2h0m0s`},
		{"records", dials + "crm: [{fields: {LastName: x}}, {object: Contact, fields: {}}]\nexpect: {records: [{fields: {}}], absent: [Lead, '']}\n", `
3:7: crm[0]: names no object: give its API name, as in {object: Lead, fields: {LastName: Reed}}
3:32: crm[1]: has no fields
4:20: expect.records[0]: names no object: give its API name, as in {object: Lead, fields: {LastName: Reed}}
4:50: expect.absent[1]: is empty: name an object, as Lead or Case`},
		{"transcript", says + "  - {track: agent, file: hello.ulaw, text: \"Hello, Mr. Reed.\"}\nexpect: {transcript: [hello mr reed, Mr. Reed, Mrs. Reed, Ree, '!']}\n", `
5:48: expect.transcript[2]: "Mrs. Reed" is not in the script, so nobody says it
5:59: expect.transcript[3]: "Ree" is not in the script, so nobody says it
5:64: expect.transcript[4]: "!" holds no word; for a call of which nothing may be recognised write transcript: []`},
		{"hidden", dials + `expect:
  hidden: [4242 4242 4242 4242, "five five five five", "security code is 737", "expires eleven twenty-nine", "12/27", "caduca el 12/2027",
    "forty-two forty-two double four double two", "expires May 2031", "November twenty-nine", "agosto del veintinueve", "378282246310005", "tarjeta cuatro dos cuatro dos"]
  hidden_from_model: [Reed, "March 14th"]
`, ``},
		{"hidden is no card", dials + `expect:
  hidden: [Reed, "March 14th, 1981", "4155550162", "555-0162", "12/04/79", "62704", "42", "a", " ", "742 Cedar Avenue", "378282246310006"]
  hidden_from_model: [a, "1", ""]
`, `
4:12: expect.hidden[0]: "Reed" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
4:18: expect.hidden[1]: "March 14th, 1981" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
4:38: expect.hidden[2]: "4155550162" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
4:52: expect.hidden[3]: "555-0162" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
4:64: expect.hidden[4]: "12/04/79" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
4:76: expect.hidden[5]: "62704" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
4:85: expect.hidden[6]: "42" is too short: it would stand in many other words; give at least three letters or digits
4:91: expect.hidden[7]: "a" is too short: it would stand in many other words; give at least three letters or digits
4:96: expect.hidden[8]: is empty: it would stand everywhere
4:101: expect.hidden[9]: "742 Cedar Avenue" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
4:121: expect.hidden[10]: "378282246310006" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
5:23: expect.hidden_from_model[0]: "a" is too short: it would stand in many other words; give at least three letters or digits
5:26: expect.hidden_from_model[1]: "1" is too short: it would stand in many other words; give at least three letters or digits
5:31: expect.hidden_from_model[2]: is empty: it would stand everywhere`},
		{"hidden where nothing may be known", dials + "expect: {hidden: [Reed, cancel my subscription], transcript: []}\n", ``},
		{"hidden after consent was taken back", dials + "report_consent: [{at: 1s, answer: granted}, {at: 2s, answer: withdrawn}]\nexpect: {hidden: [Larkspur]}\n", ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := faultsOf(t, map[string]string{"x": tt.yaml}, nil)
			if got = strings.ReplaceAll(got, "x/call.yaml:", ""); got != strings.TrimPrefix(tt.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// Messages begin with the folder as it was named, so that they can be typed and clicked.
func TestFaultsNameFilesAsTheirReaderDoes(t *testing.T) {
	dir := folder(t, map[string]string{"mine/one/call.yaml": says + "  - {track: agent, file: link.ulaw, text: Hi}\nhello: x\n"})
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "mine/one/link.ulaw")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	t.Chdir(dir)
	for name, shown := range map[string]string{"mine": "mine", "./mine/": "mine", "mine/one": "mine", "mine/one/call.yaml": "mine", filepath.Join(dir, "mine"): filepath.Join(dir, "mine")} {
		_, err := calls.Load(name)
		want := shown + "/one/call.yaml:4:20: script[0].file: link.ulaw lies outside of " + shown +
			": copy it into the call's folder, or beside it (../_parts/link.ulaw is fine)\n" +
			shown + "/one/call.yaml:5:1: hello: unknown key; known here: "
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v\nwant %s", name, err, want)
		}
	}
	t.Chdir(filepath.Join(dir, "mine/one"))
	if _, err := calls.Load("."); err == nil || !strings.HasPrefix(err.Error(), "../one/call.yaml:4:20: ") {
		t.Errorf("in a call's own folder: %v", err)
	}
}

// A folder of calls that isn't one.
func TestNoFolderOfCalls(t *testing.T) {
	dir := folder(t, map[string]string{"_parts/hello.ulaw": "x", "file": "x", "big/call.yaml": strings.Repeat("#", 1<<19), "dir/call.yaml/x": "x", "misnamed/Call.yml": dials, "none/x": "x"})
	if err := os.Symlink(os.TempDir(), filepath.Join(dir, "link")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	for name, want := range map[string]string{
		"nowhere": "reading calls: DIR/nowhere can't be read: no such file or directory",
		"file":    "reading calls: DIR/file can't be read: not a directory",
		"_parts":  "reading calls: DIR/_parts holds no calls: want a folder for each, with a call.yaml",
		"": "DIR/big/call.yaml:1:1: is larger than 256 KB: that is no call.yaml\nDIR/dir/call.yaml:1:1: is no file\n" +
			"DIR/link/call.yaml:1:1: its folder lies outside of DIR: copy it here\nDIR/misnamed/call.yaml:1:1: there is no such file; rename Call.yml\n" +
			"DIR/none/call.yaml:1:1: there is no such file; write one, or begin the folder's name with _ if it is no call",
	} {
		_, err := calls.Load(filepath.Join(dir, name))
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != want {
			t.Errorf("%s: got %v\nwant %s", name, err, want)
		}
	}
}

func TestUnsaid(t *testing.T) {
	c := &calls.Call{Script: []calls.Utterance{{Text: "This is Rosa Lind, L I N D."}, {Text: "It's four two four two, double four, one. And 4000-0566."}, {Text: "Mail me: rosa at example dot com."}}}
	c.Expect.Hidden = []string{"4242 44 1", "four two four two", "4000 0566", "4242 4224"}
	c.Expect.HiddenFromModel = []string{"Lind", "L I N D", "Lint", "rosa@example.com"}
	got := strings.Join(c.Unsaid(), "\n")
	if strings.Count(got, "\n") != 1 || !strings.Contains(got, `hidden[3]: nobody says "4242 4224"`) || !strings.Contains(got, `hidden_from_model[2]: nobody says "Lint"`) {
		t.Errorf("said nowhere:\n%s", got)
	}
}
