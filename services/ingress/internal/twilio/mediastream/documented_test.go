package mediastream

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/ws"
)

// documented reads one of the messages on Twilio's page "Media Streams - WebSocket Messages": its keys, their order and types, its
// layout; ids, names and sound are ours. As it stands there, and as Twilio sends it, in one line.
// https://www.twilio.com/docs/voice/media-streams/websocket-messages
func documented(t *testing.T, name string) (printed, sent string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "documented", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var line bytes.Buffer
	if err := json.Compact(&line, b); err != nil {
		t.Fatal(err)
	}
	return string(b), line.String()
}

// TestDocumentedMessages: each is read, printed or sent, and media alone by hand.
func TestDocumentedMessages(t *testing.T) {
	const sid = "MZ00000000000000000000000000000001"
	for name, tt := range map[string]struct {
		hand  bool // scanned without encoding/json, as sent
		check func(*message) bool
	}{
		"connected": {false, func(m *message) bool { return m.Event == "connected" && m.StreamSID == "" && m.Start == nil }},
		"start": {false, func(m *message) bool {
			s := m.Start
			return m.Event == "start" && m.StreamSID == sid && s.StreamSID == sid && s.AccountSID == apptest.Account && s.CallSID == "CA1" &&
				len(s.Tracks) == 1 && s.Tracks[0] == "inbound" && s.MediaFormat.Encoding == "audio/x-mulaw" && s.MediaFormat.SampleRate == 8000 &&
				s.MediaFormat.Channels == 1 && len(s.CustomParameters) == 3 && s.CustomParameters["FirstName"] == "Ada"
		}},
		"media-outbound": {true, func(m *message) bool { return m.Event == "media" && m.StreamSID == sid && m.Media.Track == "outbound" }},
		"media-inbound":  {true, func(m *message) bool { return m.Event == "media" && m.StreamSID == sid && m.Media.Track == "inbound" }},
		"stop": {false, func(m *message) bool {
			return m.Event == "stop" && m.StreamSID == sid && m.Stop.AccountSID == apptest.Account && m.Stop.CallSID == "CA1"
		}},
		"dtmf": {false, func(m *message) bool { return m.Event == "dtmf" && m.StreamSID == sid }},
		"mark": {false, func(m *message) bool { return m.Event == "mark" && m.StreamSID == sid }},
	} {
		t.Run(name, func(t *testing.T) {
			printed, sent := documented(t, name)
			for _, msg := range []string{printed, sent} {
				if m, err := parse([]byte(msg)); err != nil || !tt.check(m) {
					t.Errorf("read as %+v, %v", m, err)
				}
			}
			var f frame
			if got := scan([]byte(sent), &f); got != tt.hand {
				t.Fatalf("scanned by hand: %t, want %t", got, tt.hand)
			}
			if !tt.hand {
				return
			}
			m, err := parse([]byte(printed))
			if err != nil {
				t.Fatal(err)
			}
			var slow frame
			if err := m.frame(&slow); err != nil {
				t.Fatal(err)
			}
			if string(f.streamSID) != sid || !bytes.Equal(f.track, slow.track) || f.chunk != slow.chunk || f.timestamp != 5 || slow.timestamp != 5 || !bytes.Equal(f.payload, slow.payload) {
				t.Errorf("by hand %+v, by encoding/json %+v", f, slow)
			}
			room := make([]byte, usualFrame)
			if audio, err := f.audio(&room); err != nil || len(audio) != 160 {
				t.Errorf("%d bytes of sound, %v", len(audio), err)
			}
		})
	}
}

// TestDocumentedStream plays them as one stream, printed and sent: both parties' frames are numbered together there, and dtmf and mark
// come between.
func TestDocumentedStream(t *testing.T) {
	for i, layout := range []string{"printed", "sent"} {
		t.Run(layout, func(t *testing.T) {
			b := newBench(t, ws.Options{})
			var msgs []string
			for _, name := range []string{"connected", "start", "media-outbound", "media-inbound", "mark", "dtmf", "stop"} {
				printed, sent := documented(t, name)
				msg := []string{printed, sent}[i]
				// What a stream of ours has beside: its token, and both tracks.
				msgs = append(msgs, strings.NewReplacer(`"inbound"]`, `"inbound","outbound"]`, `"FirstName"`, `"token":"good","FirstName"`).Replace(msg))
			}
			c := b.dial(t, msgs...)
			if _, _, err := c.Read(soon(t)); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
				t.Errorf("the peer heard %v", err)
			}
			if err := <-b.ended; err != nil {
				t.Fatal(err)
			}
			if e := b.end(t); e.GetReason() != events.MediaEndReason_MEDIA_END_REASON_STOPPED || e.GetCallerChunks() != 1 || e.GetAgentChunks() != 1 {
				t.Errorf("%v", e)
			}
		})
	}
}

// TestDocumentedForTheOtherWay: what a server may send to Twilio is nothing that Twilio sends; who sends it here is no Twilio.
func TestDocumentedForTheOtherWay(t *testing.T) {
	for name, code := range map[string]websocket.StatusCode{"media": 1007, "clear": 1008} {
		t.Run(name, func(t *testing.T) {
			_, sent := documented(t, "to-twilio/"+name)
			b := newBench(t, ws.Options{})
			c := b.dial(t, connected, starting(), sent)
			if _, _, err := c.Read(soon(t)); websocket.CloseStatus(err) != code {
				t.Errorf("the peer heard %v, want %d", err, code)
			}
			if err := <-b.ended; err == nil {
				t.Error("the socket ended in order")
			}
		})
	}
	_, sent := documented(t, "to-twilio/mark")
	if m, err := parse([]byte(sent)); err != nil || m.Event != "mark" {
		t.Errorf("a mark without its number: %+v, %v", m, err)
	}
}
