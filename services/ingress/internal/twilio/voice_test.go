package twilio_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

var errAway = errors.New("the broker is away")

const (
	retries = "#rc=3&rp=5xx,ct,rt"
	ask     = `<Gather action=/consent?t=T` + retries + ` actionOnEmptyResult=true input=dtmf method=POST numDigits=1 timeout=6>` +
		`<Say language=en-US>Press one to agree.</></><Redirect method=POST>/onward?t=T` + retries + `</>`
	stream = `<Start><Stream name=frontdesk-0 statusCallback=/stream-status?t=T` + retries +
		` statusCallbackMethod=POST track=both_tracks url=wss://voice.example.com/calls/twilio/` + apptest.Account + `/media>` +
		`<Parameter name=token value=T></></></>`
	legs       = `statusCallback=/dial-status?t=T` + retries + ` statusCallbackEvent=initiated ringing answered completed statusCallbackMethod=POST`
	recording  = `recordingStatusCallback=/recording?t=T` + retries + ` recordingStatusCallbackEvent=in-progress completed absent recordingStatusCallbackMethod=POST`
	dial       = `<Dial action=/dial-action?t=T` + retries + ` method=POST timeout=30><Number ` + legs + `>+14155550199</></>`
	recordDial = `<Dial action=/dial-action?t=T` + retries + ` method=POST record=record-from-answer-dual ` + recording + ` timeout=30><Number ` + legs + `>+14155550199</></>`
	sip        = `<Dial action=/dial-action?t=T` + retries + ` callerId=+13125550100 method=POST timeout=20><Sip ` + legs + `>sip:desk@example.com</></>`
	message    = `<Say language=es-US>Hola</><Record action=/voicemail?t=T` + retries + ` maxLength=180 method=POST playBeep=true ` + recording + ` timeout=10></>`
)

// noMessageNow is for a caller whose answer nobody knows.
const noMessageNow = `<Say language=es-US>Lo sentimos, ahora no podemos grabar un mensaje. Vuelva a llamar más tarde. Adiós.</><Hangup></>`

func studio(consent string) string {
	return `<Redirect method=POST>https://webhooks.twilio.com/v1/Accounts/` + apptest.Account +
		`/Flows/FW00000000000000000000000000000001?Consent=` + consent + `&FlowEvent=return&Token=T</>`
}

func TestVoiceTwiML(t *testing.T) {
	for name, tt := range map[string]struct{ to, want string }{
		"ask":       {apptest.DialLine, ask},
		"not asked": {apptest.QuietLine, stream + sip},
		"reported": {apptest.ReportedLine, stream + `<Dial action=/dial-action?t=T` + retries + ` method=POST timeout=20><Number ` + legs +
			`>+14155550197</></>`},
		"nobody's": {
			"+19995550100",
			`<Say language=en-US>We are sorry, this number is not in service. Please check the number and call again. Goodbye.</><Hangup></>`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if got := parseTwiML(t, b.ring(t, tt.to)).short(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestConsentTwiML(t *testing.T) {
	const noMessage = `<Say language=es-US>Sin su consentimiento no podemos grabar un mensaje. Vuelva a llamar en horario de atención. Adiós.</><Hangup></>`
	for name, tt := range map[string]struct{ to, digits, want string }{
		"dial, granted":        {apptest.DialLine, "1", stream + recordDial},
		"dial, refused":        {apptest.DialLine, "2", dial},
		"dial, timed out":      {apptest.DialLine, "", dial},
		"voicemail, granted":   {apptest.MailLine, "1", stream + message},
		"voicemail, refused":   {apptest.MailLine, "3", noMessage},
		"voicemail, timed out": {apptest.MailLine, "", noMessage},
		"studio, granted":      {apptest.StudioLine, "1", stream + `<Start><Recording channels=dual ` + recording + `></></>` + studio("granted")},
		"studio, refused":      {apptest.StudioLine, "2", studio("refused")},
		"studio, timed out":    {apptest.StudioLine, "", studio("timed-out")},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			action := parseTwiML(t, b.ring(t, tt.to)).find("Gather").attr("action")
			r := b.send(t, request{path: action, params: params("To", tt.to, "Digits", tt.digits, "CallStatus", "in-progress")})
			if got := parseTwiML(t, r).short(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestOnwardAfterASilentGather(t *testing.T) {
	b := newBench(t)
	onward := strings.TrimSpace(parseTwiML(t, b.ring(t, apptest.DialLine)).find("Redirect").Text)
	for range 2 {
		if got := parseTwiML(t, b.send(t, request{path: onward, params: params()})).short(); got != dial {
			t.Errorf("got %s", got)
		}
	}
	got := apptest.Of[*events.ConsentRecorded](b.pub, events.Lifecycle)
	if len(got) != 2 || got[0].GetAnswer() != events.ConsentAnswer_CONSENT_ANSWER_TIMED_OUT {
		t.Errorf("%v", got)
	}
}

func TestTheCallerIsNeverDropped(t *testing.T) {
	breaks := map[string]func(*bench){
		"broker refuses":  func(b *bench) { b.pub.Fail(errAway) },
		"broker is quiet": func(b *bench) { b.pub.Hold() },
	}
	for name, breakIt := range breaks {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			action := parseTwiML(t, b.ring(t, apptest.DialLine)).find("Gather").attr("action")
			mail := parseTwiML(t, b.ring(t, apptest.MailLine)).find("Gather").attr("action")
			breakIt(b)
			for what, tt := range map[string]struct {
				r    request
				want string
			}{
				"voice":       {request{path: "voice", params: params("To", apptest.QuietLine)}, sip},
				"voice, ask":  {request{path: "voice", params: params()}, dial},
				"consent":     {request{path: action, params: params("Digits", "1")}, dial},
				"voicemail":   {request{path: "voice", params: params("To", apptest.MailLine)}, noMessageNow},
				"message":     {request{path: mail, params: params("To", apptest.MailLine, "Digits", "1")}, noMessageNow},
				"dial-action": {request{path: strings.Replace(action, "/consent", "/dial-action", 1), params: params("DialCallSid", child, "DialCallStatus", "completed")}, `<Hangup></>`},
			} {
				if got := parseTwiML(t, b.send(t, tt.r)).short(); got != tt.want {
					t.Errorf("%s: got %s", what, got)
				}
			}
			if b.counted(t, "frontdesk.ingress.webhooks", "outcome", "unheard") != 5 {
				t.Error("not counted")
			}
			b.pub.Release()
		})
	}
}

func TestTokenGoneButCallerWaiting(t *testing.T) {
	b := newBench(t)
	action := parseTwiML(t, b.ring(t, apptest.DialLine)).find("Gather").attr("action")
	b.now.add(53 * time.Hour)
	before := len(b.pub.Messages())
	for _, path := range []string{action, "consent", "consent?t=nonsense", "onward", "onward?t=nonsense"} {
		r := b.send(t, request{path: path, params: params("Digits", "1")})
		if got := parseTwiML(t, r).short(); got != dial {
			t.Errorf("%s: got %s", noToken(path), got)
		}
		// On the voicemail line nobody knows whether he has just refused.
		r = b.send(t, request{path: path, params: params("To", apptest.MailLine, "Digits", "2")})
		if got := parseTwiML(t, r).short(); got != noMessageNow {
			t.Errorf("%s on the voicemail line: got %s", noToken(path), got)
		}
	}
	if len(b.pub.Messages()) != before {
		t.Error("something was stored without a token")
	}
	if got := b.counted(t, "frontdesk.ingress.refused", "reason", "token"); got != 10 {
		t.Errorf("%d refused tokens counted, want 10", got)
	}
}

func TestDialAction(t *testing.T) {
	const sorry = `<Say language=en-US>We are sorry, nobody can take your call right now. Please call again later. Goodbye.</><Hangup></>`
	for status, want := range map[string]string{
		"completed": `<Hangup></>`, "busy": sorry, "no-answer": sorry, "failed": sorry, "canceled": sorry, "": `<Hangup></>`,
	} {
		b := newBench(t)
		action := parseTwiML(t, b.ring(t, apptest.QuietLine)).find("Dial").attr("action")
		r := b.send(t, request{path: action, params: params("DialCallSid", child, "DialCallStatus", status, "DialCallDuration", "12")})
		if got := parseTwiML(t, r).short(); got != want {
			t.Errorf("%s: got %s", status, got)
		}
		ended := apptest.Of[*events.CallEnded](b.pub, events.Lifecycle)
		if (len(ended) == 1) != (status != "") {
			t.Errorf("%s: %d CallEnded", status, len(ended))
		}
	}
}

func TestVoicemailIsThanked(t *testing.T) {
	b := newBench(t)
	action := parseTwiML(t, b.ring(t, apptest.MailLine)).find("Gather").attr("action")
	record := parseTwiML(t, b.send(t, request{path: action, params: params("To", apptest.MailLine, "Digits", "1")})).find("Record")
	r := b.send(t, request{path: record.attr("action"), params: params("RecordingUrl", "https://api.twilio.com/x", "Digits", "hangup")})
	if got := parseTwiML(t, r).short(); got != `<Say language=es-US>Gracias. Hemos recibido su mensaje. Adiós.</><Hangup></>` {
		t.Errorf("got %s", got)
	}
}

func TestFallback(t *testing.T) {
	b := newBench(t)
	resp, err := http.Get(b.url + "/twilio/fallback.xml")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	r := b.send(t, request{path: "/twilio/fallback.xml", params: params("ErrorCode", "11200"), signature: new(string)})
	n := parseTwiML(t, r)
	if resp.StatusCode != http.StatusOK || n.find("Say").Text == "" || n.find("Hangup").XMLName.Local == "" {
		t.Errorf("status %d: %s", resp.StatusCode, n.short())
	}
}

func TestUnknownNumberByDefaultTenant(t *testing.T) {
	b := newBench(t, defaultTenant("globex"))
	if got := parseTwiML(t, b.ring(t, "+19995550100")).short(); got != stream+sip {
		t.Errorf("got %s", got)
	}
	if b.counted(t, "frontdesk.ingress.unknown_numbers", "outcome", "default") != 1 {
		t.Error("not counted")
	}
	refusing := newBench(t)
	refusing.ring(t, "+19995550100")
	if refusing.counted(t, "frontdesk.ingress.unknown_numbers", "outcome", "refused") != 1 || len(refusing.pub.Messages()) != 0 {
		t.Error("a refused call must be counted and leave nothing")
	}
}

func TestCallerNumbers(t *testing.T) {
	for value, want := range map[string]struct{ from, withheld string }{
		"+12025550111":               {"+12025550111", ""},
		"sip:+12025550111@pbx.local": {"+12025550111", ""},
		"anonymous":                  {"", "anonymous"},
		"Anonymous":                  {"", "anonymous"},
		"+266696687":                 {"", "anonymous"},
		"+7378742833":                {"", "restricted"},
		"unavailable":                {"", "unavailable"},
		"+8656696":                   {"", "unknown"},
		"client:alice":               {"", "not a number"},
		"sip:alice@pbx.local":        {"", "not a number"},
		"12025550111":                {"", "not a number"},
		"":                           {"", "missing"},
	} {
		b := newBench(t)
		parseTwiML(t, b.ring(t, apptest.QuietLine, "From", value))
		s := apptest.Of[*events.CallStarted](b.pub, events.Lifecycle)[0]
		if s.GetFrom() != want.from || s.GetWithheld() != want.withheld {
			t.Errorf("%q: withheld %q", value, s.GetWithheld())
		}
		if ref := b.pub.Events(events.Lifecycle)[0].GetCallerRef(); (ref == "") != (want.from == "") {
			t.Errorf("%q: caller_ref %q", value, ref)
		}
	}
}

// TestLongTokenIsSplit: every parameter stays under Twilio's limit, whatever a tenant calls its lines.
func TestLongTokenIsSplit(t *testing.T) {
	b := newBench(t)
	f := app.Facts{
		CallID: callID, Account: apptest.Account, Tenant: "acme", Line: apptest.DialLine,
		LineOfBusiness: strings.Repeat("long ", 100), Expires: b.now.Now().Add(time.Hour),
	}
	values := twilio.Parameters(b.links, f)
	if len(values) < 2 {
		t.Fatalf("%d parameters", len(values))
	}
	var token string
	for i, p := range values {
		if len(p[0])+len(p[1]) >= 500 {
			t.Errorf("parameter %d has %d characters", i, len(p[0])+len(p[1]))
		}
		token += p[1]
	}
	if got, err := b.tokens.Open(token, b.now.Now()); err != nil || got.LineOfBusiness != f.LineOfBusiness {
		t.Errorf("joined again: %v", err)
	}
}
