package googlespeech

import (
	"strings"
	"sync"
	"time"
)

// Session is what one stream was given, so that tests can compare it with what its client made of it.
type Session struct {
	// ID counts streams from 1, refused ones too.
	ID int
	// Project, Location and Model that it asked for; empty if it was refused before it told.
	Project, Location, Model string
	Languages                []string
	// Audio heard, and Billed for it: whole seconds.
	Audio, Billed time.Duration
	// Finals that were given out.
	Finals []Final
	// Open until the stream has ended; Err is how it ended, "" for an orderly end.
	Open bool
	Err  string
}

// Final is one final result: [Start, End) of the stream.
type Final struct {
	Text       string
	Start, End time.Duration
}

// Text of all finals as one line.
func (s Session) Text() string {
	texts := make([]string, len(s.Finals))
	for i, f := range s.Finals {
		texts[i] = f.Text
	}
	return strings.Join(texts, " ")
}

// keepSessions is how many ended sessions are remembered.
const keepSessions = 4096

// sessions remembers them, the latest; safe for concurrent use.
type sessions struct {
	mu   sync.Mutex
	next int
	list []*Session
	// open streams by project.
	open map[string]int
}

func (s *sessions) start() *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	x := &Session{ID: s.next, Open: true}
	if len(s.list) >= 2*keepSessions {
		s.list = append(s.list[:0], s.list[keepSessions:]...)
	}
	s.list = append(s.list, x)
	return x
}

// enter notes what the stream asked for; false if its project has as many streams as it may.
func (s *sessions) enter(x *Session, set settings, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.Project, x.Location, x.Model, x.Languages = set.project, set.location, set.model, set.languages
	if limit > 0 && s.open[set.project] >= limit {
		return false
	}
	s.open[set.project]++
	return true
}

func (s *sessions) leave(project string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[project]--
}

func (s *sessions) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *sessions) all() []Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Session, len(s.list))
	for i, x := range s.list {
		list[i] = *x
		list[i].Finals = append([]Final(nil), x.Finals...)
	}
	return list
}
