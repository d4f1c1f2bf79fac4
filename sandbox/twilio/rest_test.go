package twilio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/frontdesk/frontdesk/sandbox/fault"
	"github.com/frontdesk/frontdesk/sandbox/meter"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// rewrite sends what twilio-go wants of api.twilio.com to a handler.
type rewrite struct{ handler http.Handler }

func (r rewrite) RoundTrip(req *http.Request) (res *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("connection dropped: %v", p)
		}
	}()
	w := httptest.NewRecorder()
	if req.Body == nil {
		req.Body = http.NoBody
	}
	r.handler.ServeHTTP(w, req)
	return w.Result(), nil
}

func rest(c *twilio.Carrier, authToken string) *api.ApiService {
	cl := &client.Client{Credentials: client.NewCredentials(account, authToken), HTTPClient: &http.Client{Transport: rewrite{c.Handler()}}}
	cl.SetAccountSid(account)
	return api.NewApiService(client.NewRequestHandler(cl))
}

// code is Twilio's code of an error.
func code(err error) int {
	var e *client.TwilioRestError
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// during plays a call of n seconds while f runs; f begins one second after the sound.
func during(t *testing.T, seconds int, prepare func(*customer, *twilio.Config), f func(*customer, *twilio.Carrier, *api.ApiService)) (*customer, *twilio.Carrier, *twilio.Result) {
	t.Helper()
	c := newCustomer(t, newMemory(), map[string]string{"/voice": media + `<Dial><Number>+14155550199</Number></Dial>`, "/next": `<Pause length="2"/><Hangup/>`})
	cfg := c.config()
	if prepare != nil {
		prepare(c, &cfg)
	}
	carrier := start(t, c, cfg)
	done := make(chan *twilio.Result)
	go func() {
		res, err := carrier.Place(t.Context(), sample(seconds))
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	time.Sleep(time.Second)
	f(c, carrier, rest(carrier, token))
	return c, carrier, <-done
}

func sidOf(t *testing.T, c *customer) string {
	t.Helper()
	return c.seen("/voice")[0].params["CallSid"]
}

func TestCallResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, carrier, res := during(t, 5, nil, func(c *customer, _ *twilio.Carrier, r *api.ApiService) {
			call, err := r.FetchCall(sidOf(t, c), nil)
			if err != nil {
				t.Fatal(err)
			}
			if *call.Status != "in-progress" || call.EndTime != nil || call.Duration != nil || *call.Direction != "inbound" ||
				*call.From != caller || *call.To != line || *call.ToFormatted != "(415) 555-0100" {
				t.Errorf("call %+v", call)
			}
			if call, err = r.FetchCall("CA00000000000000000000000000000000", nil); code(err) != 20404 {
				t.Errorf("unknown call: %v %v", call, err)
			}
		})
		r := rest(carrier, token)
		call, err := r.FetchCall(res.CallSid, nil)
		if err != nil {
			t.Fatal(err)
		}
		if *call.Status != "completed" || *call.Duration != "5" || *call.EndTime != res.Call.End.UTC().Format(time.RFC1123Z) {
			t.Errorf("ended call %+v", call)
		}
		leg, err := r.FetchCall(res.Legs[0].Sid, nil)
		if err != nil {
			t.Fatal(err)
		}
		if *leg.ParentCallSid != res.CallSid || *leg.Direction != "outbound-dial" || *leg.To != "+14155550199" || *leg.Duration != "5" {
			t.Errorf("leg %+v", leg)
		}
		if _, err := rest(carrier, "wrong").FetchCall(res.CallSid, nil); code(err) != 20003 {
			t.Errorf("wrong token: %v", err)
		}
	})
}

func TestListCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Hangup/>`})
		carrier := start(t, c, c.config())
		sids := make([]string, 0, 7)
		for range 7 {
			sids = append(sids, place(t, carrier, sample(1)).CallSid)
			time.Sleep(time.Minute)
		}
		r := rest(carrier, token)
		all, err := r.ListCall((&api.ListCallParams{}).SetPageSize(3))
		if err != nil {
			t.Fatal(err)
		}
		if len(all) != 7 || *all[0].Sid != sids[6] || *all[6].Sid != sids[0] {
			t.Errorf("%d calls in pages of three", len(all))
		}
		since, err := time.Parse(time.RFC1123Z, *all[2].StartTime)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[*api.ListCallParams]int{
			(&api.ListCallParams{}).SetFrom(caller):                             7,
			(&api.ListCallParams{}).SetTo(caller):                               0,
			(&api.ListCallParams{}).SetStatus("completed"):                      7,
			(&api.ListCallParams{}).SetStatus("in-progress"):                    0,
			(&api.ListCallParams{}).SetStartTimeAfter(since):                    3,
			(&api.ListCallParams{}).SetStartTimeBefore(since):                   4,
			(&api.ListCallParams{}).SetStartTime(since):                         1,
			(&api.ListCallParams{}).SetEndTimeAfter(time.Now().Add(-time.Hour)): 7,
			(&api.ListCallParams{}).SetParentCallSid(sids[0]):                   0,
			(&api.ListCallParams{}).SetLimit(2):                                 2,
		} {
			got, err := r.ListCall(name)
			if err != nil || len(got) != want {
				t.Errorf("%+v: %d calls, %v; want %d", name, len(got), err, want)
			}
		}
		if _, err := r.ListCall((&api.ListCallParams{}).SetPageSize(5000)); code(err) != 20001 {
			t.Errorf("page size: %v", err)
		}
	})
}

// TestStreamStartedOverREST goes on from where the call's sound is.
func TestStreamStartedOverREST(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, carrier, res := during(t, 6, func(_ *customer, cfg *twilio.Config) {
			cfg.Mischief = map[string]twilio.Mischief{"sample": {BreakStream: []time.Duration{500 * time.Millisecond}}}
		}, func(c *customer, _ *twilio.Carrier, r *api.ApiService) {
			p := (&api.CreateStreamParams{}).SetUrl("ws://127.0.0.1/media").SetTrack("both_tracks").SetName("again").
				SetStatusCallback(c.base + "/stream").SetParameter1Name("token").SetParameter1Value("xyz")
			s, err := r.CreateStream(sidOf(t, c), p)
			if err != nil {
				t.Fatal(err)
			}
			if *s.Status != "in-progress" || *s.Name != "again" || len(*s.Sid) != 34 {
				t.Errorf("stream %+v", s)
			}
			time.Sleep(3 * time.Second)
			stopped, err := r.UpdateStream(sidOf(t, c), *s.Sid, (&api.UpdateStreamParams{}).SetStatus("stopped"))
			if err != nil || *stopped.Status != "stopped" {
				t.Errorf("stopping: %v %v", stopped, err)
			}
			for _, bad := range []*api.CreateStreamParams{
				(&api.CreateStreamParams{}).SetUrl("wss://ingress.test/media?token=x"),
				(&api.CreateStreamParams{}).SetUrl("https://ingress.test/media"),
				(&api.CreateStreamParams{}).SetUrl("wss://ingress.test/media").SetTrack("both"),
				(&api.CreateStreamParams{}).SetUrl("wss://ingress.test/media").SetParameter3Name("a").SetParameter3Value(string(make([]byte, 500))),
			} {
				if _, err := r.CreateStream(sidOf(t, c), bad); code(err) != 20001 {
					t.Errorf("%+v: %v", bad, err)
				}
			}
		})
		call := sample(6)
		in := c.socket(1).track("inbound")
		if res.Streams[1].From != time.Second || len(in) != 150 || in[0].ms != 0 || in[0].chunk != 1 || !c.socket(1).stop {
			t.Fatalf("second stream from %v, %d frames", res.Streams[1].From, len(in))
		}
		if !bytes.Equal(sound(in), call.Caller[8000:32000]) || !bytes.Equal(sound(c.socket(1).track("outbound")), call.AgentAudio[8000:32000]) {
			t.Error("the second stream's sound is not what follows the hole")
		}
		if p := c.socket(1).start["customParameters"].(map[string]any); p["token"] != "xyz" {
			t.Errorf("parameters %v", p)
		}
		if r := carrier.Report().Streams; r.ByREST != 1 || r.Started != 2 {
			t.Errorf("report %+v", r)
		}
		_, err := rest(carrier, token).CreateStream(res.CallSid, (&api.CreateStreamParams{}).SetUrl("wss://ingress.test/media"))
		if code(err) != 21220 {
			t.Errorf("a stream on an ended call: %v", err)
		}
	})
}

func TestUpdateCall(t *testing.T) {
	cases := map[string]struct {
		params *api.UpdateCallParams
		code   int
		lasts  time.Duration
		paths  string
	}{
		"completed":        {(&api.UpdateCallParams{}).SetStatus("completed"), 0, time.Second, "/voice /stream /stream /status"},
		"canceled":         {(&api.UpdateCallParams{}).SetStatus("canceled"), 0, 5 * time.Second, "/voice /stream /stream /status"},
		"other TwiML":      {(&api.UpdateCallParams{}).SetTwiml(`<Response><Pause length="1"/></Response>`), 0, 2 * time.Second, "/voice /stream /stream /status"},
		"another URL":      {(&api.UpdateCallParams{}).SetUrl("http://ingress.test/next"), 0, 3 * time.Second, "/voice /stream /next /stream /status"},
		"both":             {(&api.UpdateCallParams{}).SetUrl("http://ingress.test/next").SetTwiml("<Response/>"), 20001, 5 * time.Second, "/voice /stream /stream /status"},
		"no such status":   {(&api.UpdateCallParams{}).SetStatus("busy"), 20001, 5 * time.Second, "/voice /stream /stream /status"},
		"TwiML with fault": {(&api.UpdateCallParams{}).SetTwiml(`<Response><Shout/></Response>`), 20001, 5 * time.Second, "/voice /stream /stream /status"},
		"relative URL":     {(&api.UpdateCallParams{}).SetUrl("/next"), 21205, 5 * time.Second, "/voice /stream /stream /status"},
	}
	for name, uc := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, carrier, res := during(t, 5, nil, func(c *customer, _ *twilio.Carrier, r *api.ApiService) {
					call, err := r.UpdateCall(sidOf(t, c), uc.params)
					if code(err) != uc.code {
						t.Fatalf("got %v, want %d", err, uc.code)
					}
					if name == "completed" && *call.Status != "completed" {
						t.Errorf("status %s right after", *call.Status)
					}
				})
				if res.Duration() != uc.lasts || c.paths() != uc.paths || res.Status != "completed" {
					t.Errorf("%s after %v by %q", res.Status, res.Duration(), c.paths())
				}
				if _, err := rest(carrier, token).UpdateCall(res.CallSid, uc.params); uc.code == 0 && code(err) != 21220 {
					t.Errorf("an ended call: %v", err)
				}
			})
		})
	}
}

func TestRecordingsOverREST(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dual, mono string
		c, carrier, res := during(t, 6, nil, func(c *customer, _ *twilio.Carrier, r *api.ApiService) {
			p := (&api.CreateCallRecordingParams{}).SetRecordingChannels("dual").SetRecordingStatusCallback(c.base + "/rec").
				SetRecordingStatusCallbackEvent([]string{"in-progress", "completed", "absent"})
			rec, err := r.CreateCallRecording(sidOf(t, c), p)
			if err != nil {
				t.Fatal(err)
			}
			dual = *rec.Sid
			time.Sleep(time.Second)
			for _, status := range []string{"paused", "in-progress"} {
				if _, err := r.UpdateCallRecording(sidOf(t, c), "Twilio.CURRENT", (&api.UpdateCallRecordingParams{}).SetStatus(status)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
			}
			stopped, err := r.UpdateCallRecording(sidOf(t, c), dual, (&api.UpdateCallRecordingParams{}).SetStatus("stopped"))
			if err != nil || *stopped.Status != "stopped" {
				t.Errorf("stopping: %v, %v", stopped, err)
			}
			if _, err := r.UpdateCallRecording(sidOf(t, c), dual, (&api.UpdateCallRecordingParams{}).SetStatus("paused")); code(err) != 21220 {
				t.Errorf("pausing what is stopped: %v", err)
			}
			if rec, err = r.CreateCallRecording(sidOf(t, c), nil); err != nil {
				t.Fatal(err)
			}
			mono = *rec.Sid
		})
		if h := c.seen("/rec"); len(h) != 2 || h[0].params["RecordingSource"] != "StartCallRecordingAPI" || h[1].params["RecordingDuration"] != "3" {
			t.Errorf("recording callbacks %+v", h)
		}
		r := rest(carrier, token)
		list, err := r.ListCallRecording(res.CallSid, nil)
		if err != nil || len(list) != 2 || *list[1].Sid != dual || list[1].Channels != 2 {
			t.Fatalf("list %+v, %v", list, err)
		}
		if got, err := r.FetchRecording(dual, nil); err != nil || *got.Status != "completed" || *got.Duration != "3" {
			t.Errorf("fetched %+v, %v", got, err)
		}
		call := sample(6)
		two := download(t, carrier, dual+".wav?RequestedChannels=2", 200)
		if binary.LittleEndian.Uint16(two[22:]) != 2 || len(two) != 44+3*8000*4 {
			t.Fatalf("dual: %d bytes", len(two))
		}
		// The second second was paused away; the third is the fourth of the call.
		if first := pcm(two, 0); first != decode(call.Caller[8000]) || pcm(two, 1) != decode(call.AgentAudio[8000]) ||
			pcm(two, 2*8000) != 0 || pcm(two, 2*16000) != decode(call.Caller[24000]) {
			t.Errorf("dual: first sample %d", first)
		}
		one := download(t, carrier, mono, 200)
		if binary.LittleEndian.Uint16(one[22:]) != 1 || pcm(one, 80) != clip(decode(call.Caller[32080])+decode(call.AgentAudio[32080])) {
			t.Errorf("mono: %d bytes", len(one))
		}
		download(t, carrier, mono+".wav?RequestedChannels=2", 400)
		download(t, carrier, mono+".mp3", 406)
		if err := r.DeleteRecording(mono, nil); err != nil {
			t.Fatal(err)
		}
		download(t, carrier, mono, 404)
		if _, err := r.CreateCallRecording(res.CallSid, nil); code(err) != 21220 {
			t.Errorf("recording an ended call: %v", err)
		}
	})
}

func download(t *testing.T, c *twilio.Carrier, path string, status int) []byte {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/2010-04-01/Accounts/"+account+"/Recordings/"+path, nil)
	req.SetBasicAuth(account, token)
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, req)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != status {
		t.Fatalf("%s: HTTP %d, want %d: %v", path, w.Code, status, err)
	}
	return body
}

// pcm is the nth 16-bit sample of a file.
func pcm(file []byte, n int) int { return int(int16(binary.LittleEndian.Uint16(file[44+2*n:]))) }

func clip(v int) int { return max(-32768, min(32767, v)) }

// decode is G.711 written from its table: segment ends at 2^(n+5), steps of 2^(n+3).
func decode(b byte) int {
	u := int(^b)
	segment, step := u>>4&7, u&15
	v := (33+2*step)<<segment - 33
	if u&0x80 != 0 {
		v = -v
	}
	return v * 4
}

func TestRESTFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Hangup/>`})
		carrier := start(t, c, c.config())
		res := place(t, carrier, sample(1))
		r := rest(carrier, token)
		for want, status := range map[int]string{20429: "20429", 20503: "20503", 20500: "20500", 20404: "20404"} {
			carrier.Faults().Set(fault.Settings{Errors: []fault.Share{{Code: status, Share: 1, Operation: "calls.fetch"}}})
			if _, err := r.FetchCall(res.CallSid, nil); code(err) != want {
				t.Errorf("%s: %v", status, err)
			}
			if _, err := r.ListCall(nil); err != nil {
				t.Errorf("another operation: %v", err)
			}
		}
		carrier.Faults().Set(fault.Settings{Outage: true})
		if _, err := r.FetchCall(res.CallSid, nil); err == nil || code(err) != 0 {
			t.Errorf("outage: %v", err)
		}
		carrier.Faults().Set(fault.Settings{Latency: fault.Latency{Median: time.Second}})
		began := time.Now()
		if _, err := r.FetchCall(res.CallSid, nil); err != nil || time.Since(began) != time.Second {
			t.Errorf("latency: %v, %v", time.Since(began), err)
		}
		if got := carrier.Report().REST; got.Requests != 9 || got.Refused != 4 {
			t.Errorf("counted %+v", got)
		}
	})
}

func TestTokensRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCustomer(t, newMemory(), map[string]string{"/voice": `<Hangup/>`})
		carrier := start(t, c, c.config())
		res := place(t, carrier, sample(1))
		if err := carrier.SetAuthTokens(account, token, "second"); err != nil {
			t.Fatal(err)
		}
		for _, tok := range []string{token, "second"} {
			if _, err := rest(carrier, tok).FetchCall(res.CallSid, nil); err != nil {
				t.Errorf("%v", err)
			}
		}
		if carrier.SetAuthTokens("AC1", "x") == nil || carrier.SetAuthTokens(account) == nil {
			t.Error("an unknown account, or no token, must be refused")
		}
	})
}

func TestBill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, carrier, _ := during(t, 61, nil, func(c *customer, _ *twilio.Carrier, r *api.ApiService) {
			if _, err := r.CreateCallRecording(sidOf(t, c), nil); err != nil {
				t.Fatal(err)
			}
		})
		want := map[meter.Key]float64{
			{Product: "twilio", Account: account, Model: "inbound", Unit: "call_minute"}:       2,
			{Product: "twilio", Account: account, Model: "outbound-dial", Unit: "call_minute"}: 2,
			{Product: "twilio", Account: account, Unit: "recording_minute"}:                    1,
			{Product: "twilio", Account: account, Unit: "stream_minute"}:                       2,
		}
		rows := carrier.Meter().Rows()
		if len(rows) != len(want) {
			t.Fatalf("rows %+v", rows)
		}
		for _, row := range rows {
			if want[row.Key] != row.Amount {
				t.Errorf("%+v: %v, want %v", row.Key, row.Amount, want[row.Key])
			}
		}
	})
}

// TestAnAccountShowsItsNumbers, with their webhooks as they were set.
func TestAnAccountShowsItsNumbers(t *testing.T) {
	c := newCustomer(t, newMemory(), nil)
	cfg := c.config()
	second := cfg.Accounts[0].Numbers[0]
	second.PhoneNumber, second.StatusCallback = "+442079460100", ""
	cfg.Accounts[0].Numbers = append(cfg.Accounts[0].Numbers, second)
	carrier := start(t, c, cfg)
	a, err := rest(carrier, token).FetchAccount(account)
	if err != nil || *a.Status != "active" || *a.Type != "Full" || *a.Sid != account {
		t.Fatalf("%+v: %v", a, err)
	}
	if _, err := rest(carrier, "another").FetchAccount(account); code(err) != 20003 {
		t.Errorf("a wrong token: %v", err)
	}
	if _, err := rest(carrier, token).FetchAccount("AC99999999999999999999999999999999"); code(err) != 20003 {
		t.Errorf("another account: %v", err)
	}
	for pattern, want := range map[string]int{"": 2, "+442079460100": 1, "2079*60": 1, "999": 0} {
		p := &api.ListIncomingPhoneNumberParams{}
		if pattern != "" {
			p.SetPhoneNumber(pattern)
		}
		list, err := rest(carrier, token).ListIncomingPhoneNumber(p.SetPageSize(1))
		if err != nil || len(list) != want {
			t.Errorf("%q: %d numbers, %v", pattern, len(list), err)
		}
		if pattern != "" && want == 1 && (*list[0].VoiceUrl != second.VoiceURL || *list[0].VoiceMethod != "POST" || *list[0].StatusCallback != "" || list[0].TrunkSid != nil) {
			t.Errorf("%+v", list[0])
		}
	}
}
