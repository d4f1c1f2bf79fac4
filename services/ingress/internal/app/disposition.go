package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// AgentDisposition is what an agent says the call was.
type AgentDisposition struct {
	// Name from the tenant's catalogue.
	Name string
	// Agent by the carrier's or the CRM's id; may be empty.
	Agent string
	// Token tells several by one agent apart and repetitions of one not; empty makes the same name by the
	// same agent the same.
	Token string
	At    time.Time
}

// Disposition records an agent's own disposition of the call; it must stand in the tenant's catalogue.
func (s *Service) Disposition(ctx context.Context, f Facts, d AgentDisposition) error {
	t := s.tenants.ByID(f.Tenant)
	if t == nil {
		return ErrNotOurs
	}
	if t.Disposition(d.Name) == nil {
		return invalid("disposition (it must stand in the tenant's catalogue)")
	}
	if d.Token == "" {
		sum := sha256.Sum256([]byte(d.Name + "\x1f" + d.Agent))
		d.Token = hex.EncodeToString(sum[:8])
	}
	e := f.Root().Event(d.At, &events.DispositionSet{
		Disposition: d.Name, Source: events.DispositionSource_DISPOSITION_SOURCE_AGENT, Agent: d.Agent, Token: d.Token,
	})
	if err := s.pub.Publish(ctx, Message{Topic: events.Lifecycle, Event: e}); err != nil {
		return fmt.Errorf("storing the agent's disposition: %w", err)
	}
	return nil
}
