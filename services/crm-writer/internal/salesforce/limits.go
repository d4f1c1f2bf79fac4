package salesforce

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// Usage is how much of an allowance is spent.
type Usage struct {
	Used, Max int
}

// Share is the part spent, 0 to 1; 0 while nothing is known.
func (u Usage) Share() float64 {
	if u.Max <= 0 {
		return 0
	}
	return float64(u.Used) / float64(u.Max)
}

// usage keeps what the Sforce-Limit-Info header of the latest answer told.
type usage struct {
	mu  sync.Mutex
	api Usage
}

func (u *usage) note(header string) {
	if api, ok := ParseLimitInfo(header); ok {
		u.mu.Lock()
		u.api = api
		u.mu.Unlock()
	}
}

// Usage is the org's API requests in its 24-hour window, as of the latest answer; the zero Usage before the first.
// The server counts every client of the org, so this is more than our own requests.
func (c *Client) Usage() Usage {
	c.usage.mu.Lock()
	defer c.usage.mu.Unlock()
	return c.usage.api
}

// ParseLimitInfo reads the org's part of a Sforce-Limit-Info header: "api-usage=18/5000;
// per-app-api-usage=17/250(appName=x)".
func ParseLimitInfo(header string) (Usage, bool) {
	for part := range strings.SplitSeq(header, ";") {
		counts, ok := strings.CutPrefix(strings.TrimSpace(part), "api-usage=")
		if !ok {
			continue
		}
		used, limit, ok := strings.Cut(counts, "/")
		if !ok {
			return Usage{}, false
		}
		u, uerr := strconv.Atoi(used)
		m, merr := strconv.Atoi(limit)
		return Usage{Used: u, Max: m}, uerr == nil && merr == nil
	}
	return Usage{}, false
}

// Limit is one entry of /limits.
type Limit struct {
	Max       int `json:"Max"`
	Remaining int `json:"Remaining"`
}

// Limits asks for every allowance of the org by name, e.g. "DailyApiRequests",
// "HourlyPublishedPlatformEvents". It is a request like any other.
func (c *Client) Limits(ctx context.Context) (map[string]Limit, error) {
	var out map[string]Limit
	err := c.do(ctx, call{operation: "limits", method: http.MethodGet, path: c.Path("/limits/")}, &out)
	return out, err
}

// Versions are the API versions that the org's instance has, as "67.0", oldest first. It needs a session for the instance's
// address only, and costs no request of the allowance.
func (c *Client) Versions(ctx context.Context) ([]string, error) {
	var out []struct {
		Version string `json:"version"`
	}
	if err := c.do(ctx, call{operation: "versions", method: http.MethodGet, path: "/services/data/"}, &out); err != nil {
		return nil, err
	}
	versions := make([]string, len(out))
	for i, v := range out {
		versions[i] = v.Version
	}
	return versions, nil
}
