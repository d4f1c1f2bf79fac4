package twilio

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Page sizes of the API of 2010. Source: https://www.twilio.com/docs/usage/twilios-response#pagination
const (
	defaultPage = 50
	largestPage = 1000
)

// callList is one page of calls.
type callList struct {
	page
	Calls []callResource `json:"calls"`
}

// page is what all lists begin with.
type page struct {
	FirstPageURI    string  `json:"first_page_uri"`
	NextPageURI     *string `json:"next_page_uri"`
	PreviousPageURI *string `json:"previous_page_uri"`
	Page            int     `json:"page"`
	PageSize        int     `json:"page_size"`
	Start           int     `json:"start"`
	End             int     `json:"end"`
	URI             string  `json:"uri"`
}

// listCalls lists calls and legs, newest first.
func (c *Carrier) listCalls(q *restRequest) {
	match, bad := callFilter(q.Form)
	if bad != "" {
		q.refuse(http.StatusBadRequest, codeBadRequest, bad)
		return
	}
	c.mu.Lock()
	lives := make([]*life, 0, len(c.bySid))
	for _, l := range c.bySid {
		if l.acct == q.acct {
			lives = append(lives, l)
		}
	}
	c.mu.Unlock()
	var found []callResource
	for _, l := range lives {
		for _, r := range l.resources() {
			if match(r) {
				found = append(found, r)
			}
		}
	}
	found = append(found, c.peers.calls(q)...)
	slices.SortFunc(found, func(a, b callResource) int {
		return cmp.Or(b.start.Compare(a.start), cmp.Compare(a.Sid, b.Sid))
	})
	items, p, bad := paginate(q, found, func(r callResource) string { return r.Sid })
	if bad != "" {
		q.refuse(http.StatusBadRequest, codeBadRequest, bad)
		return
	}
	q.answer(http.StatusOK, callList{p, items})
}

// callFilter reads the filters of a list of calls. bad says what can't be read.
func callFilter(form url.Values) (match func(callResource) bool, bad string) {
	spans := []struct {
		name string
		of   func(callResource) time.Time
	}{
		{"StartTime", func(r callResource) time.Time { return r.start }},
		{"EndTime", func(r callResource) time.Time { return r.end }},
	}
	var rules []func(callResource) bool
	for name, of := range map[string]func(callResource) string{
		"To":            func(r callResource) string { return r.To },
		"From":          func(r callResource) string { return r.From },
		"Status":        func(r callResource) string { return r.Status },
		"ParentCallSid": func(r callResource) string { return deref(r.ParentCallSid) },
	} {
		if want := form.Get(name); want != "" {
			rules = append(rules, func(r callResource) bool { return of(r) == want })
		}
	}
	for _, s := range spans {
		rule, bad := timeFilter(form, s.name)
		if bad != "" {
			return nil, bad
		}
		rules = append(rules, func(r callResource) bool { return rule(s.of(r)) })
	}
	return func(r callResource) bool {
		for _, rule := range rules {
			if !rule(r) {
				return false
			}
		}
		return true
	}, ""
}

// timeFilter reads name, name< and name>: a day in UTC, or a time.
func timeFilter(form url.Values, name string) (match func(time.Time) bool, bad string) {
	from, to := time.Time{}, time.Time{}
	for _, suffix := range []string{"", "<", ">"} {
		value := form.Get(name + suffix)
		if value == "" {
			continue
		}
		at, err := time.Parse(time.DateOnly, value)
		day := err == nil
		if !day {
			if at, err = time.Parse(time.RFC3339, value); err != nil {
				return nil, name + suffix + " must be YYYY-MM-DD or a time of ISO 8601"
			}
		}
		switch {
		case suffix == "<":
			to = at
		case suffix == ">":
			from = at
		case day:
			from, to = at, at.AddDate(0, 0, 1)
		default:
			from, to = at, at.Add(time.Second)
		}
	}
	return func(t time.Time) bool {
		if from.IsZero() && to.IsZero() {
			return true
		}
		return !t.IsZero() && !t.Before(from) && (to.IsZero() || t.Before(to))
	}, ""
}

// paginate cuts one page out of what was found. A page's token names the last item of the page before, so
// that calls that come in between shift nothing.
func paginate[T any](q *restRequest, found []T, id func(T) string) (items []T, p page, bad string) {
	p = page{PageSize: defaultPage, URI: q.URL.RequestURI()}
	var err error
	if s := q.Form.Get("PageSize"); s != "" {
		if p.PageSize, err = strconv.Atoi(s); err != nil || p.PageSize < 1 || p.PageSize > largestPage {
			return nil, p, "PageSize must be from 1 to 1000"
		}
	}
	if s := q.Form.Get("Page"); s != "" {
		if p.Page, err = strconv.Atoi(s); err != nil || p.Page < 0 {
			return nil, p, "Page must be a number from 0"
		}
	}
	from := p.Page * p.PageSize
	if token := q.Form.Get("PageToken"); token != "" {
		i := slices.IndexFunc(found, func(t T) bool { return "PA"+id(t) == token })
		if i < 0 {
			return nil, p, "PageToken is not valid"
		}
		from = i + 1
	} else if p.Page > 0 {
		return nil, p, "PageToken is required beyond the first page"
	}
	from = min(from, len(found))
	to := min(from+p.PageSize, len(found))
	items = append([]T{}, found[from:to]...)
	p.FirstPageURI = q.pageURI(p.PageSize, 0, "")
	p.Start, p.End = from, max(from, to-1)
	if to < len(found) {
		next := q.pageURI(p.PageSize, p.Page+1, "PA"+id(found[to-1]))
		p.NextPageURI = &next
	}
	return items, p, ""
}

func (q *restRequest) pageURI(size, number int, token string) string {
	form := url.Values{}
	for k, v := range q.URL.Query() {
		if k != "Page" && k != "PageToken" && k != "PageSize" {
			form[k] = v
		}
	}
	form.Set("PageSize", strconv.Itoa(size))
	form.Set("Page", strconv.Itoa(number))
	if token != "" {
		form.Set("PageToken", token)
	}
	return q.URL.Path + "?" + form.Encode()
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
