package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// AskReady asks the /readyz that [Admin] serves at an address, as its settings give it: one without a host, or with 0.0.0.0, is
// asked on loopback. It returns nil if the service is ready; the error says what it waits for, or that nobody answers. ctx bounds
// the question.
func AskReady(ctx context.Context, admin string) error {
	host, port, err := net.SplitHostPort(admin)
	if err != nil {
		return fmt.Errorf("%q is not host:port: %w", admin, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	url := "http://" + net.JoinHostPort(host, port) + "/readyz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("nobody answers; does the service run? %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	var answer struct {
		WaitingFor []string `json:"waiting_for"`
	}
	if json.NewDecoder(io.LimitReader(resp.Body, 1<<16)).Decode(&answer) == nil && len(answer.WaitingFor) > 0 {
		return fmt.Errorf("%s: not ready, it waits for %s", url, strings.Join(answer.WaitingFor, ", "))
	}
	return fmt.Errorf("%s answers %s", url, resp.Status)
}
