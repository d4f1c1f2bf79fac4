package chaos

import (
	"context"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// spooled are the settings by which each ingress has a spool, in a folder of its own that outlives the process.
var spooled = map[string]string{"spool.dir": "spool-{name}"}

// small is a spool that a few seconds without Kafka fill.
var small = map[string]string{"spool.max_bytes": "4194304"}

// spoolFull keeps Kafka away for longer than a spool has room for.
type spoolFull struct{ brokerPaused }

func (spoolFull) Name() string { return "ingress: spool full" }

func (spoolFull) Costs() Cost {
	const hold = 20 * time.Second
	// What finds no room is declared; the rest of the sound comes when Kafka does.
	return Cost{Hold: hold, Gap: hold + mostGap, Silent: true, Bound: boundReady, FromHealed: true}
}

// needs are settings of the stack that a fault can't be tried without; it gets a stack of its own.
func needs(f Fault) map[string]string {
	if _, ok := f.(spoolFull); ok {
		return small
	}
	return nil
}

// hasSpool asks ingress whether it knows the setting.
func hasSpool(ctx context.Context, programs string) bool {
	cmd := exec.CommandContext(ctx, filepath.Join(programs, stageIngress), "-check") //nolint:gosec // ours
	cmd.Env = []string{"FRONTDESK_INGRESS_SPOOL__DIR=spool"}
	out, _ := cmd.CombinedOutput() // the rest of its settings is missing, which it says
	return !strings.Contains(string(out), `unknown key "spool`)
}

// settingsFor are a stack's, and whether its ingress has a spool.
func settingsFor(ctx context.Context, programs string, more map[string]string) (all map[string]map[string]string, spool bool) {
	all = maps.Clone(settings)
	if spool = hasSpool(ctx, programs); spool {
		all[stageIngress] = maps.Clone(spooled)
		maps.Copy(all[stageIngress], more)
	}
	return all, spool
}
