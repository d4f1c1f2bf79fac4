package salesforce

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/org"
)

// session is one login.
type session struct {
	tenant *tenant
	user   *org.User
	used   time.Time
}

// sessions by their opaque token. Safe for concurrent use.
type sessions struct {
	mu   sync.Mutex
	idle time.Duration
	now  func() time.Time
	open map[string]*session
}

// start makes a session and forgets those that have expired.
func (s *sessions) start(t *tenant, u *org.User) string {
	var b [72]byte
	_, _ = rand.Read(b[:]) // never fails
	token := t.ID[:15] + "!" + base64.RawURLEncoding.EncodeToString(b[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for k, old := range s.open {
		if now.Sub(old.used) > s.idle {
			delete(s.open, k)
		}
	}
	s.open[token] = &session{t, u, now}
	return token
}

// find returns a live session and counts it as used; nil if there is none.
func (s *sessions) find(token string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.open[token]
	if found == nil {
		return nil
	}
	now := s.now()
	if now.Sub(found.used) > s.idle {
		delete(s.open, token)
		return nil
	}
	found.used = now
	return found
}

// end forgets a session; false if there was none.
func (s *sessions) end(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.open[token]
	delete(s.open, token)
	return ok
}

// endAll forgets all sessions, as an administrator may.
func (s *sessions) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.open)
}
