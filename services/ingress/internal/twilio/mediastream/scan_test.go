package mediastream

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func payload(b byte) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{b}, 160)) }

// line is a media message as Twilio writes it.
func line(track string, chunk, ms int, b byte) string {
	return fmt.Sprintf(`{"event":"media","sequenceNumber":"%d","media":{"track":"%s","chunk":"%d","timestamp":"%d","payload":"%s"},"streamSid":"MZ00000000000000000000000000000001"}`,
		chunk+2, track, chunk, ms, payload(b))
}

func TestScan(t *testing.T) {
	var f frame
	if !scan([]byte(line("inbound", 7, 140, 0x55)), &f) {
		t.Fatal("a message of Twilio's own is not understood")
	}
	if string(f.track) != "inbound" || f.chunk != 7 || f.timestamp != 140 || string(f.streamSID) != "MZ00000000000000000000000000000001" {
		t.Errorf("%+v", f)
	}
	room := make([]byte, usualFrame)
	audio, err := f.audio(&room)
	if err != nil || !bytes.Equal(audio, bytes.Repeat([]byte{0x55}, 160)) {
		t.Errorf("%d bytes, %v", len(audio), err)
	}
}

// TestScanLeavesAlone: what the hand scanner doesn't take is still read by encoding/json, or refused by it.
func TestScanLeavesAlone(t *testing.T) {
	media := `"media":{"track":"inbound","chunk":"1","timestamp":"0","payload":"AAAA"}`
	tests := map[string]struct {
		msg   string
		takes bool // by hand
		reads bool // at all
	}{
		"keys in another order":      {`{"event":"media","streamSid":"MZ","media":{"payload":"AAAA","timestamp":"0","chunk":"1","track":"inbound"},"sequenceNumber":"3"}`, true, true},
		"no sequence number":         {`{"event":"media",` + media + `,"streamSid":"MZ"}`, true, true},
		"spaces":                     {`{"event": "media", ` + media + `,"streamSid":"MZ"}`, false, true},
		"event last":                 {`{` + media + `,"streamSid":"MZ","event":"media"}`, false, true},
		"an unknown key":             {`{"event":"media",` + media + `,"streamSid":"MZ","new":1}`, false, true},
		"an escaped slash":           {`{"event":"media","media":{"track":"inbound","chunk":"1","timestamp":"0","payload":"\/\/\/\/"},"streamSid":"MZ"}`, false, true},
		"a key twice":                {`{"event":"media",` + media + `,` + media + `,"streamSid":"MZ"}`, false, true},
		"numbers that are no texts":  {`{"event":"media","media":{"track":"inbound","chunk":1,"timestamp":0,"payload":"AAAA"},"streamSid":"MZ"}`, false, false},
		"a negative time":            {`{"event":"media","media":{"track":"inbound","chunk":"1","timestamp":"-1","payload":"AAAA"},"streamSid":"MZ"}`, false, false},
		"a time of twenty digits":    {`{"event":"media","media":{"track":"inbound","chunk":"1","timestamp":"99999999999999999999","payload":"AAAA"},"streamSid":"MZ"}`, false, false},
		"cut":                        {`{"event":"media",` + media, false, false},
		"something behind":           {`{"event":"media",` + media + `,"streamSid":"MZ"}x`, false, false},
		"a comma too many":           {`{"event":"media",` + media + `,"streamSid":"MZ",}`, false, false},
		"no stream":                  {`{"event":"media",` + media + `}`, false, true},
		"no media":                   {`{"event":"media","streamSid":"MZ"}`, false, false},
		"not JSON":                   {`media`, false, false},
		"empty":                      {``, false, false},
		"a raw line break in base64": {"{\"event\":\"media\",\"media\":{\"track\":\"inbound\",\"chunk\":\"1\",\"timestamp\":\"0\",\"payload\":\"AA\nAA\"},\"streamSid\":\"MZ\"}", false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var f frame
			if got := scan([]byte(tt.msg), &f); got != tt.takes {
				t.Errorf("taken by hand: %t, want %t", got, tt.takes)
			}
			m, err := parse([]byte(tt.msg))
			if err == nil {
				err = m.frame(&f)
			}
			if (err == nil) != tt.reads {
				t.Errorf("read by encoding/json: %v, want %t", err, tt.reads)
			}
		})
	}
}

func TestAudioRefused(t *testing.T) {
	room := make([]byte, usualFrame)
	for name, p := range map[string]string{
		"empty": "", "not base64": "!!!!", "half a group": "AAA", "beyond ASCII": "AAé=", "too long": strings.Repeat("AAAA", maxFrame/3+2), "a byte too long": strings.Repeat("AAAA", maxFrame/3+1),
	} {
		f := frame{payload: []byte(p)}
		if _, err := f.audio(&room); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	msg := []byte(line("outbound", 12345, 246900, 0x7f))
	room := make([]byte, usualFrame)
	got := testing.AllocsPerRun(1000, func() {
		var f frame
		if !scan(msg, &f) {
			t.Fatal("not understood")
		}
		if _, err := f.audio(&room); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations a message", got)
	}
}

// FuzzScan: whatever the hand scanner takes, encoding/json takes too, and reads the same in it.
func FuzzScan(f *testing.F) {
	f.Add([]byte(line("inbound", 1, 0, 0)))
	f.Add([]byte(`{"event":"media","streamSid":"MZ","media":{"payload":"AAAA","timestamp":"0","chunk":"1","track":"inbound"}}`))
	f.Add([]byte(`{"event":"media","media":{},"streamSid":""}`))
	f.Add([]byte(`{"event":"stop"}`))
	f.Fuzz(func(t *testing.T, msg []byte) {
		var hand, std frame
		if !scan(msg, &hand) {
			return
		}
		room, room2 := make([]byte, usualFrame), make([]byte, usualFrame)
		audio, handErr := hand.audio(&room)
		m := &message{}
		if err := json.Unmarshal(msg, m); err != nil {
			// A payload is not looked at before it is decoded: what JSON refuses there, base64 refuses.
			if handErr == nil {
				t.Fatalf("taken by hand, refused by encoding/json: %v", err)
			}
			return
		}
		if err := m.frame(&std); err != nil {
			t.Fatalf("taken by hand, refused after encoding/json: %v", err)
		}
		audio2, stdErr := std.audio(&room2)
		if (handErr == nil) != (stdErr == nil) || !bytes.Equal(audio, audio2) {
			t.Fatalf("audio: %v by hand, %v by encoding/json", handErr, stdErr)
		}
		if hand.chunk != std.chunk || hand.timestamp != std.timestamp || !bytes.Equal(hand.track, std.track) || !bytes.Equal(hand.streamSID, std.streamSID) {
			t.Fatal("read differently")
		}
	})
}

func BenchmarkScan(b *testing.B) {
	msg := []byte(line("outbound", 12345, 246900, 0x7f))
	room := make([]byte, usualFrame)
	b.ReportAllocs()
	for b.Loop() {
		var f frame
		scan(msg, &f)
		if _, err := f.audio(&room); err != nil {
			b.Fatal(err)
		}
	}
}
