package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app/apptest"
	"github.com/frontdesk/frontdesk/services/ingress/internal/calltoken"
)

const key = "0123456789abcdef0123456789abcdef"

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func server(brokers string, gather time.Duration) {
	cfg := ingress.Defaults()
	cfg.Kafka.Brokers = []string{brokers}
	cfg.Tenants, cfg.Listen, cfg.Admin, cfg.PublicURL = "x", "127.0.0.1:0", "127.0.0.1:0", "https://v.example"
	cfg.TokenKeys = []config.Secret{key}
	cfg.Media.Gather = gather
	cfg.Grace = 0
	tel, _, err := telemetry.New(context.Background(), "ingress", telemetry.Config{LogLevel: "error"}, telemetry.Options{})
	must(err)
	s, err := ingress.New(context.Background(), cfg, apptest.Tenants(), tel)
	must(err)
	fmt.Println(s.Addr())
	if f := os.Getenv("PROF"); f != "" {
		go func() {
			time.Sleep(4 * time.Second)
			w, _ := os.Create(f)
			pprof.StartCPUProfile(w)
			time.Sleep(8 * time.Second)
			pprof.StopCPUProfile()
			w.Close()
		}()
	}
	must(s.Run(context.Background()))
}

func cpu(pid int) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	u, _ := strconv.Atoi(f[11])
	k, _ := strconv.Atoi(f[12])
	return float64(u+k) / 100
}

func rss(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, l := range strings.Split(string(b), "\n") {
		if strings.HasPrefix(l, "VmRSS") {
			return l
		}
	}
	return ""
}

func sign(u string) string {
	h := hmac.New(sha1.New, []byte("new-token"))
	io.WriteString(h, u)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func frame(p string) []byte {
	b := []byte{0x81}
	if len(p) < 126 {
		b = append(b, 0x80|byte(len(p)))
	} else {
		b = append(b, 0x80|126)
		b = binary.BigEndian.AppendUint16(b, uint16(len(p)))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, p...)
}

func main() {
	srv := flag.String("server", "", "")
	gather := flag.Duration("gather", 40*time.Millisecond, "")
	calls := flag.Int("calls", 500, "")
	secs := flag.Int("secs", 20, "")
	flag.Parse()
	if *srv != "" {
		server(*srv, *gather)
		return
	}
	k, err := embedded.StartKafka(context.Background(), embedded.KafkaConfig{})
	must(err)
	conn, err := broker.Dial(broker.Config{Brokers: []string{k.Addr()}})
	must(err)
	_, err = conn.EnsureTopics(context.Background(), []broker.TopicSpec{{Name: events.Lifecycle.Name, Partitions: 8, Replicas: 1}, {Name: events.Media.Name, Partitions: 8, Replicas: 1}})
	must(err)
	cmd := exec.Command(os.Args[0], "-server", k.Addr(), "-gather", gather.String())
	cmd.Stderr = os.Stderr
	out, _ := cmd.StdoutPipe()
	must(cmd.Start())
	addr, _ := bufio.NewReader(out).ReadString('\n')
	addr = strings.TrimSpace(addr)
	tok, err := calltoken.New([]config.Secret{key})
	must(err)
	payload := base64.StdEncoding.EncodeToString(make([]byte, 160))
	path := "/twilio/" + apptest.Account + "/media"
	var wg sync.WaitGroup
	begin := make(chan struct{})
	var ready sync.WaitGroup
	for i := range *calls {
		ready.Add(1)
		wg.Go(func() {
			nc, err := net.Dial("tcp", addr)
			must(err)
			fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Twilio-Signature: %s\r\n\r\n", path, sign("wss://v.example"+path))
			resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
			must(err)
			if resp.StatusCode != 101 {
				panic(resp.Status)
			}
			call := fmt.Sprintf("CA%032d", i)
			sid := fmt.Sprintf("MZ%032d", i)
			t := tok.Sign(app.Facts{CallID: call, Account: apptest.Account, Source: events.Source_SOURCE_TWILIO, Tenant: "globex", Line: apptest.QuietLine, Start: time.Now(), Consent: events.ConsentAnswer_CONSENT_ANSWER_NOT_ASKED, Expires: time.Now().Add(time.Hour)})
			nc.Write(frame(fmt.Sprintf(`{"event":"start","sequenceNumber":"1","start":{"accountSid":%q,"streamSid":%q,"callSid":%q,"tracks":["inbound","outbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":%q}},"streamSid":%q}`, apptest.Account, sid, call, t, sid)))
			ready.Done()
			<-begin
			time.Sleep(time.Duration(i%20) * time.Millisecond)
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for n := range *secs * 50 {
				<-tick.C
				_, err := nc.Write(frame(fmt.Sprintf(`{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d","payload":"%s"},"streamSid":%q}`, n+2, n+1, n*20, payload, sid)))
				must(err)
			}
		})
	}
	ready.Wait()
	time.Sleep(time.Second)
	pid := cmd.Process.Pid
	c0, t0 := cpu(pid), time.Now()
	close(begin)
	wg.Wait()
	time.Sleep(300 * time.Millisecond)
	c1, dt := cpu(pid), time.Since(t0)
	fmt.Printf("calls %d gather %s: %.2f CPU s in %.1f s wall; per 1000 call-seconds %.3f; %s\n", *calls, *gather, c1-c0, dt.Seconds(), (c1-c0)/float64(*calls**secs)*1000, rss(pid))
	cmd.Process.Kill()
	k.Close()
}
