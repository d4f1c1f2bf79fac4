package twilio_test

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// BenchmarkCallsAtOnce plays 400 calls of ten seconds at life's pace over the loopback, against a server that
// throws the sound away, and reports what the carrier and that server cost together: CPU seconds per 1,000
// call-seconds, and goroutines and heap per call at the peak. One run takes a little over ten seconds.
func BenchmarkCallsAtOnce(b *testing.B) {
	const n = 400
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	base := ln.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("/voice", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, `<Response><Start><Stream url="ws://`+base+`/media" track="both_tracks"/></Start><Dial>+14155550199</Dial></Response>`)
	})
	mux.HandleFunc("/media", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		for {
			_, r, err := conn.Reader(r.Context())
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, r)
		}
	})
	srv := &http.Server{Handler: mux}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	carrier, err := twilio.Start(b.Context(), twilio.Config{Accounts: []twilio.Account{{
		SID: account, AuthTokens: []string{token},
		Numbers: []twilio.Number{{PhoneNumber: line, VoiceURL: "http://" + base + "/voice"}},
	}}})
	if err != nil {
		b.Fatal(err)
	}
	defer carrier.Close()
	for b.Loop() {
		before := cpu()
		peak := time.AfterFunc(8*time.Second, func() {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(runtime.NumGoroutine())/n, "goroutines/call")
			b.ReportMetric(float64(m.HeapAlloc)/n/1024, "KB/call")
		})
		report, err := carrier.Run(b.Context(), twilio.Load{Calls: []*calls.Call{sample(10)}, Count: n, Concurrency: n})
		peak.Stop()
		if err != nil || report.Calls.Completed != n || report.Streams.Messages != n*1000 || report.Streams.Discarded > 0 {
			b.Fatalf("%v; %+v", err, report)
		}
		b.ReportMetric((cpu()-before).Seconds()/(n*10)*1000, "cpu-s/1000-call-s")
		b.ReportMetric(report.Webhooks.Twiml.P99, "twiml-p99-ms")
	}
}

// cpu is what this process has used so far.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
