package chaos

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// reconcileSettings is the prefix of `frontdesk reconcile`'s settings.
const reconcileSettings = "FRONTDESK_RECONCILE"

// reconciliation is what `frontdesk reconcile` said after a round.
type reconciliation struct {
	// Looked tells whether this frontdesk has the command.
	Looked bool `json:"looked"`
	// Missing tells that it found something, Repaired that it was told to send that again; Text is what it printed last.
	Missing  bool   `json:"missing"`
	Repaired bool   `json:"repaired"`
	Text     string `json:"text,omitempty"`
}

// knows tells whether this frontdesk can reconcile.
func (r *rig) knows(ctx context.Context) bool {
	text, code, err := r.Frontdesk(ctx, reconcileSettings, "reconcile", "--help")
	return err == nil && code == 0 && strings.Contains(text, "--repair")
}

// reconcile looks at everything that began since a time.
func (r *rig) reconcile(ctx context.Context, since time.Time, more ...string) (string, int, error) {
	ago := max(time.Since(since)+time.Minute, 2*time.Minute).Round(time.Second)
	text, code, err := r.Frontdesk(ctx, reconcileSettings, append([]string{"reconcile", "--since", ago.String(), "--settle", "20s"}, more...)...)
	if err == nil && code != 0 && code != exitMissing {
		err = fmt.Errorf("frontdesk reconcile ends with %d: %s", code, text)
	}
	return text, code, err
}

// exitMissing is its exit code if something is missing.
const exitMissing = 3

// reconcile has what nobody told of sent again, and waits until it is there. What is missing though somebody was told is not repaired
// here: the witness has counted it.
func (j *judge) reconcile(ctx context.Context, t *Tally, since time.Time) error {
	if t.Reconciled.Looked = j.r.knows(ctx); !t.Reconciled.Looked {
		return nil
	}
	text, code, err := j.r.reconcile(ctx, since)
	if err != nil {
		return err
	}
	t.Reconciled.Missing, t.Reconciled.Text = code == exitMissing, text
	if !t.Reconciled.Missing || len(t.Unfound) == 0 {
		return nil
	}
	if _, _, err = j.r.reconcile(ctx, since, "--repair"); err != nil {
		return err
	}
	t.Reconciled.Repaired = true
	for until := time.Now().Add(patience); code == exitMissing && time.Now().Before(until); pause(ctx, lookEvery) {
		if text, code, err = j.r.reconcile(ctx, since); err != nil {
			return err
		}
	}
	t.Reconciled.Missing, t.Reconciled.Text = code == exitMissing, text
	j.r.witness.Read()
	for _, f := range t.Unfound {
		for _, c := range j.untold[f.Call] {
			lost, _ := j.r.witness.Look(c, j.r.load.sample(c.SID))
			t.Lost = append(t.Lost, lost...)
		}
	}
	return nil
}
