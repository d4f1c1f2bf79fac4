package salesforce

import (
	"crypto/rsa"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

// tenant is an org with what its wire needs: credentials, allowance, cursors.
type tenant struct {
	*org.Org
	conf      Org
	key       *rsa.PublicKey
	passwords map[string]string // by user id
	usage     usage
	cursors   cursors

	mu      sync.Mutex
	streams int
}

func newTenant(c Org, now func() time.Time, fault func(object string) *org.Error) (*tenant, error) {
	t := &tenant{conf: c, passwords: map[string]string{}}
	t.usage.init(c.Limits, now)
	users := make([]*org.User, len(c.Users))
	for i, u := range c.Users {
		users[i] = &org.User{
			Username: u.Username, Email: or(u.Email, u.Username), First: u.First, Last: or(u.Last, u.Username),
			Role: u.Role, Hidden: u.Hidden, ReadOnly: u.ReadOnly,
		}
	}
	var err error
	t.Org, err = org.New(org.Config{
		ID: c.ID, Name: c.Name, Sandbox: c.Sandbox, Users: users, Queues: c.Queues,
		Schema: schema.Options{Intents: c.Intents, Dispositions: c.Dispositions, NoPackage: c.NoPackage},
		Apply:  c.Apply == "package", TriggerBatch: c.TriggerBatch, TriggerPause: c.TriggerPause, DuplicateRules: c.DuplicateRules, ValidationRules: c.ValidationRules,
		SearchLag: c.SearchLag, HourlyEvents: c.Limits.HourlyEvents, Now: now, Fault: fault,
	})
	if err != nil {
		return nil, err
	}
	for i, u := range users {
		t.passwords[u.ID] = c.Users[i].Password
	}
	if c.PublicKey != "" {
		if t.key, err = publicKey(c.PublicKey); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// byName returns a user; nil if there is none.
func (t *tenant) byName(username string) *org.User {
	for _, u := range t.Users {
		if u.Username == username {
			return u
		}
	}
	return nil
}

// openStream counts a stream of Pub/Sub; false over the limit.
func (t *tenant) openStream() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.streams >= t.conf.Limits.Streams {
		return false
	}
	t.streams++
	return true
}

func (t *tenant) closeStream() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.streams--
}
