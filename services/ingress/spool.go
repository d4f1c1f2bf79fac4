package ingress

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
)

// mostWaiting bounds the journal of streams that wait for their successors, in bytes: some 30,000 of them.
const mostWaiting = 16 << 20

// openJournal opens the journal that stands in the spool's folder, and returns what an earlier process had waiting; nil without a spool.
func openJournal(cfg Spool, log *slog.Logger) (*spool.Journal, []*spool.Entry, error) {
	if cfg.Dir == "" {
		return nil, nil, nil
	}
	j, left, r, err := spool.OpenJournal(filepath.Join(cfg.Dir, "waiting"), spool.Options{MaxBytes: mostWaiting})
	if err != nil {
		return nil, nil, fmt.Errorf("spool.dir: %w", err)
	}
	if r.Damaged() {
		log.Warn("some of the streams that waited for their successors before the restart may be forgotten", "lost", r.Lost.Records, "bytes", r.CutBytes+r.Lost.Bytes)
	}
	return j, left, nil
}

// openSpool opens the spool of the settings, and tells what a crash or the disk has done to it; nil if there is none.
func openSpool(cfg Spool, m *metrics.Metrics, log *slog.Logger) (*spool.Spool, error) {
	if cfg.Dir == "" {
		return nil, nil //nolint:nilnil // off is a setting, not a fault
	}
	tell := func(d spool.Damage) {
		m.SpoolLost(context.Background(), int64(d.Records), d.Bytes)
		log.Error("events in the spool can't be read and are lost; look at its disk", "events", d.Records, "bytes", d.Bytes)
	}
	o := cfg.options()
	o.Damaged = tell
	sp, r, err := spool.Open(cfg.Dir, o)
	if err != nil {
		return nil, fmt.Errorf("spool.dir: %w", err)
	}
	if r.Lost != (spool.Damage{}) {
		tell(r.Lost)
	}
	if r.CutBytes > 0 {
		m.SpoolLost(context.Background(), 0, r.CutBytes)
		log.Warn("the spool ended in what can't be read, which is cut off: mostly what the process was writing when it died",
			"places", r.CutPlaces, "bytes", r.CutBytes)
	}
	if r.PositionLost {
		log.Warn("what of the spool was sent already can't be read; all that it holds is sent again, and dropped by whoever reads")
	}
	log.Info("the spool is open", "dir", cfg.Dir, "records", r.Records, "bytes", r.Bytes, "max_bytes", cfg.MaxBytes)
	return sp, nil
}

func (s Spool) options() spool.Options {
	return spool.Options{MaxBytes: s.MaxBytes, Reserve: s.MaxBytes / 100 * int64(100-s.AudioPercent)}
}

// depth is what the metrics show of a spool.
func depth(sp *spool.Spool) func() (records, bytes, disk int64, oldest time.Time) {
	return func() (records, bytes, disk int64, oldest time.Time) {
		st := sp.Stats()
		return st.Records, st.Bytes, st.Disk, st.Oldest
	}
}
