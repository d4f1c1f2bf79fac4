package salesforce

import (
	"fmt"
	"sync"
	"time"
)

// usage is an org's API allowance: requests in the last 24 hours, and those that run long now. It counts by resource, too.
type usage struct {
	mu     sync.Mutex
	limits Limits
	now    func() time.Time
	hours  [24]int
	stamp  [24]int64
	since  map[int]time.Time
	next   int
	total  int
	by     map[string]int
}

func (u *usage) init(l Limits, now func() time.Time) {
	u.limits, u.now, u.since, u.by = l, now, map[int]time.Time{}, map[string]int{}
}

// used is the requests of the last 24 hours, by whole hours.
func (u *usage) used() int {
	hour := u.now().Unix() / 3600
	n := 0
	for i, at := range u.stamp {
		if hour-at < 24 {
			n += u.hours[i]
		}
	}
	return n
}

// begin counts a request and returns how to end it. Its error is why the request is refused; a refused request is not counted.
func (u *usage) begin(resource string) (end func(), why string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.used() >= u.limits.DailyAPIRequests {
		return nil, "TotalRequests Limit exceeded."
	}
	now := u.now()
	long := 0
	for _, at := range u.since {
		if now.Sub(at) >= u.limits.LongAfter {
			long++
		}
	}
	if long >= u.limits.ConcurrentLong {
		return nil, "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
	}
	hour := now.Unix() / 3600
	slot := hour % 24
	if u.stamp[slot] != hour {
		u.stamp[slot], u.hours[slot] = hour, 0
	}
	u.hours[slot]++
	u.total++
	u.by[resource]++
	id := u.next
	u.next++
	u.since[id] = now
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		delete(u.since, id)
	}, ""
}

// header is Sforce-Limit-Info.
func (u *usage) header() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return fmt.Sprintf("api-usage=%d/%d", u.used(), u.limits.DailyAPIRequests)
}

// left of the daily allowance.
func (u *usage) left() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return max(0, u.limits.DailyAPIRequests-u.used())
}

// set changes the daily allowance and, where used is not negative, how much of it is spent.
func (u *usage) set(daily, used int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if daily > 0 {
		u.limits.DailyAPIRequests = daily
	}
	if used >= 0 {
		hour := u.now().Unix() / 3600
		u.hours, u.stamp = [24]int{}, [24]int64{}
		u.hours[hour%24], u.stamp[hour%24] = used, hour
	}
}

// counts are the requests since the start, in all and by resource.
func (u *usage) counts() (int, map[string]int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	by := make(map[string]int, len(u.by))
	for k, v := range u.by {
		by[k] = v
	}
	return u.total, by
}
