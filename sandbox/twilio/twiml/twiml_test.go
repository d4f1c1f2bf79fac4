package twiml_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	vendor "github.com/twilio/twilio-go/twiml"

	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
)

const head = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func TestAccepts(t *testing.T) {
	cases := map[string]string{
		"empty":   `<Response/>`,
		"say":     `<Response><Say voice="Polly.Joanna" language="en-US">Hello <break time="1s"/> you</Say></Response>`,
		"ssml":    `<Response><Say><lang xml:lang="es-US">Hola</lang></Say></Response>`,
		"comment": `<Response><!-- why --><Pause length="2"/></Response>`,
		"gather": `<Response><Gather input="dtmf" numDigits="1" timeout="6" action="/consent?v=1#rc=3&amp;rp=5xx,ct,rt"
			actionOnEmptyResult="true" finishOnKey=""><Say>Press one</Say></Gather><Redirect method="POST">next</Redirect></Response>`,
		"stream": `<Response><Start><Stream url="wss://h.example/media" name="live" track="both_tracks" statusCallback="https://h.example/s">
			<Parameter name="token" value="abc"/></Stream></Start><Stop><Stream name="live"/></Stop></Response>`,
		"loopback": `<Response><Start><Stream url="ws://127.0.0.1:4711/media"/></Start></Response>`,
		"nearby":   `<Response><Start><Stream url="ws://ingress:8080/media"/></Start></Response>`,
		"recording": `<Response><Start><Recording channels="dual" track="both" recordingStatusCallback="/r"
			recordingStatusCallbackEvent="in-progress completed"/></Start></Response>`,
		"dial number": `<Response><Dial timeout="20" action="/after" record="record-from-answer-dual" recordingStatusCallback="/r">
			<Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">+14155550111</Number></Dial></Response>`,
		"dial text": `<Response><Dial callerId="+14155550100">+14155550111</Dial></Response>`,
		"dial sip":  `<Response><Dial><Sip username="u" password="p" statusCallback="/leg">sip:desk@pbx.example;transport=tls</Sip></Dial></Response>`,
		"record":    `<Response><Record action="/left" maxLength="180" playBeep="true" recordingStatusCallback="/r" timeout="10"/></Response>`,
		"reject":    `<Response><Reject reason="busy"/></Response>`,
		"hangup":    `<Response><Hangup/></Response>`,
		"play":      `<Response><Play loop="2">https://h.example/hold.mp3</Play><Play digits="1w2"/></Response>`,
	}
	for name, body := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := twiml.Parse([]byte(head + body)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRefuses(t *testing.T) {
	const (
		parse  = twiml.ParseFailure
		schema = twiml.SchemaWarning
	)
	cases := map[string]struct {
		body string
		code int
		want []string
	}{
		"nothing":         {``, parse, []string{"no root element"}},
		"not xml":         {`hello`, parse, []string{"Content is not allowed"}},
		"other root":      {`<Reply/>`, parse, []string{"'Response'"}},
		"case":            {`<response/>`, parse, []string{"'Response'"}},
		"unclosed":        {`<Response><Say>x</Response>`, parse, []string{"closed by"}},
		"ampersand":       {`<Response><Redirect>/a?b=1&c=2</Redirect></Response>`, parse, []string{"entity"}},
		"two roots":       {`<Response/><Response/>`, parse, []string{"following the root"}},
		"doctype":         {`<!DOCTYPE x [<!ENTITY a "b">]><Response/>`, parse, []string{"DOCTYPE"}},
		"late prolog":     {` <?xml version="1.0"?><Response/>`, parse, []string{"XML declaration"}},
		"latin1":          {`<?xml version="1.0" encoding="ISO-8859-1"?><Response/>`, parse, []string{"encoding"}},
		"twice":           {`<Response><Pause length="1" length="2"/></Response>`, parse, []string{"already specified"}},
		"deep":            {"<Response>" + strings.Repeat("<Say>", 40), parse, []string{"too deep"}},
		"unknown verb":    {`<Response><Shout/></Response>`, schema, []string{"Invalid content was found starting with element 'Shout'"}},
		"not played":      {`<Response><Enqueue/></Response>`, schema, []string{"not played by the sandbox"}},
		"noun at top":     {`<Response><Stream url="wss://h/"/></Response>`, schema, []string{"starting with element 'Stream'"}},
		"prefixed":        {`<Response><x:Say xmlns:x="y">a</x:Say></Response>`, schema, []string{"Invalid content"}},
		"text in root":    {`<Response>hello</Response>`, schema, []string{"no character content"}},
		"unknown attr":    {`<Response><Say loud="yes">a</Say></Response>`, schema, []string{"Attribute 'loud' is not allowed to appear in element 'Say'"}},
		"enum":            {`<Response><Start><Stream url="wss://h/" track="both"/></Start></Response>`, schema, []string{"'track' on element 'Stream'"}},
		"no url":          {`<Response><Start><Stream name="a"/></Start></Response>`, schema, []string{"Attribute 'url' must appear"}},
		"query":           {`<Response><Start><Stream url="wss://h.example/m?t=1"/></Start></Response>`, schema, []string{"without query string"}},
		"ws":              {`<Response><Start><Stream url="ws://h.example/m"/></Start></Response>`, schema, []string{"wss URL"}},
		"ws by address":   {`<Response><Start><Stream url="ws://10.0.0.5:8080/m"/></Start></Response>`, schema, []string{"wss URL"}},
		"https stream":    {`<Response><Start><Stream url="https://h.example/m"/></Start></Response>`, schema, []string{"wss URL"}},
		"parameter":       {`<Response><Start><Stream url="wss://h/"><Parameter name="token" value="` + strings.Repeat("x", 496) + `"/></Stream></Start></Response>`, schema, []string{"500 characters"}},
		"parameter alone": {`<Response><Start><Stream url="wss://h/"><Parameter name="a"/></Stream></Start></Response>`, schema, []string{"'value' must appear"}},
		"two forks":       {`<Response><Start><Stream url="wss://h/"/><Stream url="wss://h/"/></Start></Response>`, schema, []string{"'Start' is not complete"}},
		"stop nameless":   {`<Response><Stop><Stream/></Stop></Response>`, schema, []string{"'Stop' is not complete"}},
		"zero pause":      {`<Response><Pause length="0"/></Response>`, schema, []string{"a whole number from 1"}},
		"gather nested":   {`<Response><Gather><Dial>+14155550111</Dial></Gather></Response>`, schema, []string{"starting with element 'Dial'"}},
		"dial nothing":    {`<Response><Dial/></Response>`, schema, []string{"'Dial' is not complete"}},
		"dial national":   {`<Response><Dial><Number>4155550111</Number></Dial></Response>`, schema, []string{"E.164"}},
		"sip":             {`<Response><Dial><Sip>desk@pbx.example</Sip></Dial></Response>`, schema, []string{"SIP URI"}},
		"event":           {`<Response><Dial><Number statusCallbackEvent="answered answered">+14155550111</Number></Dial></Response>`, schema, []string{"a list of"}},
		"override":        {`<Response><Redirect>https://h.example/a#rc=9</Redirect></Response>`, schema, []string{"rc", "0 to 5"}},
		"ftp":             {`<Response><Play>ftp://h.example/a.wav</Play></Response>`, schema, []string{"http(s) URL"}},
		"every fault":     {`<Response><Say x="1">a</Say><Shout/><Pause length="a"/></Response>`, schema, []string{"'x'", "'Shout'", "'length'"}},
		"transcribe":      {`<Response><Record transcribe="true"/></Response>`, schema, []string{"'transcribe'"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := twiml.Parse([]byte(c.body))
			var faults twiml.Errors
			if !errors.As(err, &faults) {
				t.Fatalf("got %v, want faults", err)
			}
			if faults.Code() != c.code {
				t.Errorf("code %d, want %d: %v", faults.Code(), c.code, err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
		})
	}
}

func TestRefusesWhatIsTooLarge(t *testing.T) {
	_, err := twiml.Parse([]byte("<Response><Say>" + strings.Repeat("a", twiml.MaxBytes) + "</Say></Response>"))
	var faults twiml.Errors
	if !errors.As(err, &faults) || faults.Code() != twiml.TooLarge {
		t.Fatalf("got %v", err)
	}
}

// TestFaultsQuoteNoValue: values carry numbers and tokens, and faults end up in logs.
func TestFaultsQuoteNoValue(t *testing.T) {
	_, err := twiml.Parse([]byte(`<Response><Dial callerId="4155550123"><Number>4155550123</Number></Dial>` +
		`<Start><Stream url="ws://h.example/secret-token"/></Start></Response>`))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, secret := range []string{"4155550123", "secret-token"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error quotes a value: %v", err)
		}
	}
}

// TestReadsWhatTwilioGoWrites judges the schema by documents of Twilio's own library.
func TestReadsWhatTwilioGoWrites(t *testing.T) {
	body, err := vendor.Voice([]vendor.Element{
		&vendor.VoiceGather{
			Input: "dtmf", NumDigits: "1", Action: "/consent", ActionOnEmptyResult: "true", Timeout: "6",
			InnerElements: []vendor.Element{&vendor.VoiceSay{Message: "Press 1 & <wait>", Language: "en-US"}},
		},
		&vendor.VoiceStart{InnerElements: []vendor.Element{&vendor.VoiceStream{
			Url: "wss://h.example/media", Track: "both_tracks", Name: "live", StatusCallback: "https://h.example/s#rc=3",
			InnerElements: []vendor.Element{&vendor.VoiceParameter{Name: "token", Value: "abc"}},
		}}},
		&vendor.VoiceDial{Timeout: "30", InnerElements: []vendor.Element{&vendor.VoiceNumber{
			PhoneNumber: "+14155550111", StatusCallback: "/leg", StatusCallbackEvent: "initiated completed",
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := twiml.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	gather := doc.Verbs[0]
	if gather.Seconds("timeout", 5*time.Second) != 6*time.Second || !gather.Bool("actionOnEmptyResult", false) || gather.AllText() != "Press 1 & <wait>" {
		t.Errorf("gather read as %+v", gather)
	}
	number := doc.Verbs[2].Children[0]
	if number.Text != "+14155550111" || len(number.Words("statusCallbackEvent", "completed")) != 2 {
		t.Errorf("number read as %+v", number)
	}
	if doc.Verbs[1].Children[0].Int("missing", 7) != 7 {
		t.Error("an absent number must be the default")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><Response><Say>a</Say><Gather action="/x#rc=1"><Pause/></Gather></Response>`))
	f.Add([]byte(`<Response><Start><Stream url="wss://h/" track="both_tracks"><Parameter name="a" value="b"/></Stream></Start></Response>`))
	f.Add([]byte(`<Response><Dial><Number statusCallbackEvent="ringing">+14155550111</Number></Dial></Response>`))
	f.Add([]byte("<Response>\xff</Response>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := twiml.Parse(body)
		if (doc == nil) == (err == nil) {
			t.Fatal("a document or an error, never both or neither")
		}
		if err != nil {
			var faults twiml.Errors
			if !errors.As(err, &faults) || len(faults) == 0 || faults.Code() == 0 {
				t.Fatalf("not an Errors with a code: %v", err)
			}
			return
		}
		for _, v := range doc.Verbs {
			_ = v.AllText()
		}
	})
}
