package witness

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Call is one call as the carrier's list has it.
type Call struct {
	SID    string `json:"sid"`
	Parent string `json:"parent_call_sid"`
	From   string `json:"from"`
	To     string `json:"to"`
	Status string `json:"status"`
	Start  string `json:"start_time"`
}

// Completed tells whether it is a root leg that was answered and has ended: such a call has a record.
func (c Call) Completed() bool { return c.Parent == "" && c.Status == "completed" }

// Account opens the list of one account of the carrier.
type Account struct{ Base, SID, Token string }

// Calls are all calls that began at or after since, to the second, newest first.
func (a Account) Calls(ctx context.Context, since time.Time) ([]Call, error) {
	query := url.Values{"PageSize": {"1000"}}
	if !since.IsZero() {
		query.Set("StartTime>", since.UTC().Truncate(time.Second).Format(time.RFC3339))
	}
	var all []Call
	for next := "/2010-04-01/Accounts/" + a.SID + "/Calls.json?" + query.Encode(); next != ""; {
		var page struct {
			Calls []Call `json:"calls"`
			Next  string `json:"next_page_uri"`
		}
		if err := a.get(ctx, next, &page); err != nil {
			return nil, err
		}
		all, next = append(all, page.Calls...), page.Next
	}
	return all, nil
}

func (a Account) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Base+path, nil)
	if err != nil {
		return fmt.Errorf("asking the carrier for its calls: %w", err)
	}
	req.SetBasicAuth(a.SID, a.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("asking the carrier for its calls: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("asking the carrier for its calls: it answers %s", res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("reading the carrier's list of calls: %w", err)
	}
	return nil
}
