package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/report"
	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/witness"
	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
)

// Tally is what became of the calls of one round.
type Tally struct {
	// Calls that were completed. Untold are those of them of which a webhook was never taken by anybody, Unstreamed those whose sound
	// never came.
	Calls      int `json:"calls"`
	Untold     int `json:"untold"`
	Unstreamed int `json:"unstreamed"`
	// As the witness counts: calls without their records, records or events that are there twice, revisions that went back.
	Lost []witness.Fault `json:"lost"`
	// Unfound lack a record, too, and nobody ever took a webhook that tells of their end: reconciliation finds them.
	Unfound    []witness.Fault `json:"for_reconciliation"`
	Doubled    []witness.Fault `json:"doubled"`
	OutOfOrder []witness.Fault `json:"out_of_order"`
	// Otherwise are records that are not as the call's file says, though all of it was heard.
	Otherwise []witness.Fault `json:"otherwise"`
	// Repeats are events sent again with the same id and payload.
	Repeats int `json:"repeats"`
	// DeadLetters that nothing explains.
	DeadLetters []string `json:"dead_letters"`
	// WordsMissing outside of declared gaps, WordsDoubled, and the longest gap that a call declares.
	WordsMissing int     `json:"words_missing"`
	WordsDoubled int     `json:"words_doubled"`
	LongestGap   seconds `json:"longest_gap_s"`
	// Gap says which call has the longest gap, and why.
	Gap witness.Fault `json:"longest_gap"`
	// Wordless are calls with words missing or doubled, by id.
	Wordless []witness.Fault `json:"wordless"`
	// Reconciled is what the reconciliation says afterwards.
	Reconciled reconciliation `json:"reconciliation"`
	// SlowestCall is the longest time from a call's end until it stood in its org.
	SlowestCall seconds `json:"slowest_call_s"`
}

// seconds in JSON, to a hundredth.
type seconds time.Duration

// MarshalJSON implements json.Marshaler.
func (s seconds) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.2f", time.Duration(s).Seconds()), nil
}

// String is as people read it.
func (s seconds) String() string { return fmt.Sprintf("%.1f s", time.Duration(s).Seconds()) }

// judge holds rounds of calls against what must be.
type judge struct {
	r *rig
	// judged calls by id; told is what the witness has found before.
	judged  map[string]bool
	told    map[witness.Fault]bool
	untold  map[string][]witness.Call
	repeats int
	// began is when the calls did that are not judged yet, letters when dead letters were last looked at.
	began, letters time.Time
}

func newJudge(r *rig) *judge {
	return &judge{r: r, judged: map[string]bool{}, told: map[witness.Fault]bool{}, untold: map[string][]witness.Call{}, began: time.Now(), letters: time.Now()}
}

// lookEvery is how often the calls of a round are looked at until all is as it must be.
const lookEvery = time.Second

// round waits until every call that began before mark has ended and stands as it must, or patience has passed since the last of them
// ended, and judges them.
func (j *judge) round(ctx context.Context, mark time.Time, patience time.Duration, progress func(string)) (Tally, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var until time.Time
	for {
		all, open, err := j.calls(ctx, mark)
		if err != nil {
			return Tally{}, err
		}
		j.r.witness.Read()
		waiting := 0
		for _, c := range all {
			if j.stands(c) != "" {
				waiting++
			}
		}
		switch {
		case open > 0:
			until = time.Time{}
		case until.IsZero():
			until = time.Now().Add(patience)
		}
		if open == 0 && (waiting == 0 || time.Now().After(until)) {
			j.began = mark
			return j.tally(all), nil
		}
		progress(fmt.Sprintf("%d calls still up, %d not yet as they must be", open, waiting))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return Tally{}, fmt.Errorf("waiting for the calls of a round: %w", ctx.Err())
		}
	}
}

// calls are the completed ones that began before mark and are not judged yet, and how many others of that time are still up.
func (j *judge) calls(ctx context.Context, mark time.Time) (done []witness.Call, open int, err error) {
	list, err := j.r.witness.Calls(ctx, j.began.Add(-2*time.Second))
	if err != nil {
		return nil, 0, err //nolint:wrapcheck // it says whom it asked
	}
	for _, c := range list {
		began, err := time.Parse(time.RFC1123Z, c.Start)
		if err != nil {
			return nil, 0, fmt.Errorf("the carrier tells no time of a call's start: %w", err)
		}
		switch {
		case c.Parent != "" || j.judged[c.SID] || !began.Before(mark):
		case j.r.load.result(c.SID) == nil:
			open++
		case c.Completed():
			done = append(done, c)
		}
	}
	return done, open, nil
}

// stands says what of a completed call is not as it must be; "" if nothing is, or it can't be.
func (j *judge) stands(c witness.Call) string {
	sample, result := j.r.load.sample(c.SID), j.r.load.result(c.SID)
	lost, otherwise := j.r.witness.Look(c, sample)
	h := j.r.times.heardOf(c.SID)
	switch {
	case len(lost) > 0 && !untold(result):
		return lost[0].What
	case len(otherwise) > 0 && !excused(h):
		return otherwise[0].What
	}
	return ""
}

// excused tells whether a call may be understood otherwise than its file says: some of it is known not to have been heard.
func excused(h heard) bool { return len(h.gaps) > 0 || h.streams == 0 || h.partial }

// tally judges calls for good.
func (j *judge) tally(all []witness.Call) Tally {
	var t Tally
	v := j.r.witness.Judge(all, j.r.load.sample)
	t.Calls, t.Repeats = v.Calls, v.Repeats-j.repeats
	for _, f := range v.Lost {
		if untold(j.r.load.result(f.Call)) {
			t.Unfound = append(t.Unfound, f)
		} else {
			t.Lost = append(t.Lost, f)
		}
	}
	j.repeats = v.Repeats
	t.Doubled, t.OutOfOrder = j.fresh(v.Doubled), j.fresh(v.OutOfOrder)
	unheard := map[string]bool{}
	for _, c := range all {
		j.judged[c.SID] = true
		h, result := j.r.times.heardOf(c.SID), j.r.load.result(c.SID)
		if untold(result) {
			t.Untold++
			j.untold[c.SID] = append(j.untold[c.SID], c)
		}
		if sample := j.r.load.sample(c.SID); h.streams == 0 && (sample.Expect.Transcript == nil || len(sample.Expect.Transcript) > 0) {
			t.Unstreamed++
		}
		unheard[c.SID] = excused(h)
		j.words(&t, c, h, result)
		if at, ok := j.r.witness.Committed(c); ok {
			t.SlowestCall = max(t.SlowestCall, seconds(at.Sub(result.Wall.End)))
		}
	}
	t.Otherwise = slices.DeleteFunc(v.Otherwise, func(f witness.Fault) bool { return unheard[f.Call] })
	for _, d := range j.r.times.deadSince(j.letters) {
		t.DeadLetters = append(t.DeadLetters, fmt.Sprintf("%s: %s gave up a message of %s: %s %s", d.call, d.group, d.topic, d.code, d.text))
	}
	j.letters = time.Now()
	return t
}

// fresh are faults that were not told before.
func (j *judge) fresh(all []witness.Fault) []witness.Fault {
	var out []witness.Fault
	for _, f := range all {
		if !j.told[f] {
			j.told[f] = true
			out = append(out, f)
		}
	}
	return out
}

// trails writes what is known of the calls that something is wrong with, a file each: what the carrier says of its streams, then what
// the topics told, in the order in which it could be read.
func (j *judge) trails(dir string, r *Round) error {
	dir = filepath.Join(dir, "calls")
	all := slices.Concat(r.Lost, r.Doubled, r.OutOfOrder, r.Otherwise, r.Wordless, r.Unfound)
	if r.LongestGap > seconds(r.gap) {
		all = append(all, r.Gap)
	}
	for _, f := range all {
		result := j.r.load.result(f.Call)
		if result == nil {
			continue
		}
		said, err := json.MarshalIndent(result, "", "  ")
		if err != nil {
			return fmt.Errorf("writing the trail of a call: %w", err)
		}
		text := f.What + "\n\n" + string(said) + "\n\n" + strings.Join(j.r.times.heardOf(f.Call).trail, "\n") + "\n"
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, f.Call+".txt"), []byte(text), 0o600)); err != nil {
			return fmt.Errorf("writing the trail of a call: %w", err)
		}
	}
	return nil
}

// margin around a gap: a word that is cut is not heard at all.
const margin = 600 * time.Millisecond

// words counts those that are missing or doubled.
func (j *judge) words(t *Tally, c witness.Call, h heard, result *twilio.Result) {
	end := result.Call.End.Sub(result.Call.Ring) // a stream's silence may be declared beyond that
	for _, g := range h.gaps {
		long := seconds(time.Duration(min(g.GetEndMs(), end.Milliseconds())-g.GetStartMs()) * time.Millisecond)
		if long > t.LongestGap {
			t.LongestGap, t.Gap = long, witness.Fault{Call: c.SID, What: strings.TrimPrefix(g.GetReason().String(), "MEDIA_GAP_REASON_")}
		}
	}
	if h.streams == 0 {
		return
	}
	sound := time.Duration(h.offset) * time.Millisecond // call time at which the call's sound began
	for _, s := range result.Streams {
		if s.Sid == h.first {
			sound -= s.From
		}
	}
	gaps := h.gaps
	if h.partial {
		gaps = append(gaps, seams(result.Streams, sound)...)
		// The end of a call whose stream broke may never have come; that the transcript is partial tells so.
		gaps = append(gaps, &events.MediaGap{StartMs: (end - mostGap).Milliseconds(), EndMs: end.Milliseconds()})
	}
	missing, doubled := report.Missing(j.r.load.sample(c.SID), h.words, func(from, to time.Duration) time.Duration {
		return within(gaps, from+sound, to+sound)
	})
	if missing > 0 || doubled > 0 {
		what := fmt.Sprintf("%d words missing, %d doubled, of %s", missing, doubled, result.Name)
		for _, s := range result.Streams {
			if s.Discarded > 0 {
				what += fmt.Sprintf("; the carrier discarded %d frames that nobody took", s.Discarded)
			}
			if s.Error != nil {
				what += fmt.Sprintf("; a stream from %v ended by %d", s.From, s.Error.Code)
			}
		}
		t.Wordless = append(t.Wordless, witness.Fault{Call: c.SID, What: what})
	}
	t.WordsMissing, t.WordsDoubled = t.WordsMissing+missing, t.WordsDoubled+doubled
}

// A seam is where a stream broke and the next began within so much of the call's sound that, by their clocks, nothing is missing. The
// word that was spoken just then is torn: neither has heard it whole.
const seam = 100 * time.Millisecond

// frame is the sound in one message of each party's.
const frame = 20 * time.Millisecond

// seams are those of a call, whose sound began at a call time.
func seams(streams []twilio.StreamResult, sound time.Duration) (gaps []*events.MediaGap) {
	for i := 1; i < len(streams); i++ {
		broke, next := streams[i-1], streams[i]
		end := broke.From + time.Duration(broke.Messages/2)*frame
		if broke.Error != nil && next.From-end <= seam {
			gaps = append(gaps, &events.MediaGap{StartMs: (sound + end).Milliseconds(), EndMs: (sound + next.From).Milliseconds()})
		}
	}
	return gaps
}

// within is how much of a time gaps take, with their margins.
func within(gaps []*events.MediaGap, from, to time.Duration) time.Duration {
	var sum time.Duration
	for _, g := range gaps {
		a := max(from, time.Duration(g.GetStartMs())*time.Millisecond-margin)
		b := min(to, time.Duration(g.GetEndMs())*time.Millisecond+margin)
		sum += max(0, b-a)
	}
	return time.Duration(math.Min(float64(sum), float64(to-from)))
}
