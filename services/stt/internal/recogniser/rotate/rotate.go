// Package rotate makes a recogniser without an end of one whose streams have one.
//
// It keeps the audio since the end of the last final in a ring. When a stream has become old it goes on with
// the next one at the end of a final, or wherever it is if the limit comes near, and gives the ring again:
// what the old stream heard of an unfinished utterance the new one hears whole. The old stream is cancelled
// and not half-closed, since a half-close makes the product tell the unfinished utterance, and the new stream
// tells it once more. A stream that fails is followed by another in the same way, after a pause.
package rotate

import (
	"errors"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// Config of the rotation.
type Config struct {
	// Soft is the age (of audio or of the clock, whichever is older) past which a stream ends at its next
	// final, Hard the age at which it ends wherever it is. Both are cut to fit the product's longest stream.
	Soft time.Duration `koanf:"soft"`
	Hard time.Duration `koanf:"hard"`
	// Silence is how much audio without a word lets go of what came before it and was quiet. After three times as
	// much the product is asked for what it made of sound that it has told nothing of.
	Silence time.Duration `koanf:"silence"`
	// Settle is how long ago, by the clock, that audio must have been given: where it comes faster than life,
	// after a standstill or from a carrier that plays it so, seconds of it say nothing about how far the
	// product has come.
	Settle time.Duration `koanf:"settle"`
	// Stall is how long a stream that has been told everything may take to tell something; past it the
	// stream counts as dead.
	Stall time.Duration `koanf:"stall"`
	// Retry of streams that fail: its budget is how long a session goes without any success.
	Retry retry.Policy `koanf:"retry"`
}

// Defaults fit a product with five-minute streams.
func Defaults() Config {
	return Config{
		Soft: 240 * time.Second, Hard: 290 * time.Second, Silence: 10 * time.Second, Settle: 3 * time.Second, Stall: 10 * time.Second,
		Retry: retry.Policy{Initial: 250 * time.Millisecond, Max: 10 * time.Second, Budget: 90 * time.Second},
	}
}

// Validate reports every fault of c.
func (c Config) Validate() []error {
	var errs []error
	if c.Soft <= 0 || c.Hard <= c.Soft {
		errs = append(errs, fmt.Errorf("rotate.soft and rotate.hard: 0 < %s < %s does not hold", c.Soft, c.Hard))
	}
	if c.Silence < 2*time.Second {
		errs = append(errs, fmt.Errorf("rotate.silence: %s is under 2s: a product needs that long to tell what it heard", c.Silence))
	}
	if c.Settle < 0 {
		errs = append(errs, fmt.Errorf("rotate.settle: %s is under 0", c.Settle))
	}
	if c.Stall < time.Second {
		errs = append(errs, fmt.Errorf("rotate.stall: %s is under 1s: a product needs that long to tell what it heard", c.Stall))
	}
	if c.Retry.Initial <= 0 || c.Retry.Max < c.Retry.Initial || c.Retry.Budget <= 0 {
		errs = append(errs, errors.New("rotate.retry: initial, max and budget must be above 0, and max no less than initial"))
	}
	return errs
}

// Why a stream ended.
const (
	ReasonSoft   = "soft"   // old, at the end of a final
	ReasonHard   = "hard"   // too old to wait for one
	ReasonLimit  = "limit"  // the product ended it for its age
	ReasonForced = "forced" // finals were asked for
	ReasonFailed = "failed" // the product or the way to it failed
)

// Recogniser opens endless sessions on a driver.
type Recogniser struct {
	driver  recogniser.Driver
	cfg     Config
	rotated func(reason, code string)
}

// New wears d. rotated, if not nil, is told of every stream that is followed by another, with the code of the failure if one
// was to blame.
func New(d recogniser.Driver, cfg Config, rotated func(reason, code string)) *Recogniser {
	if longest := d.Capabilities().LongestStream; longest > 0 {
		// Five minutes keep the proportions of 240 and 290 seconds.
		cfg.Soft, cfg.Hard = min(cfg.Soft, longest*24/30), min(cfg.Hard, longest*29/30)
	}
	if rotated == nil {
		rotated = func(string, string) {}
	}
	return &Recogniser{driver: d, cfg: cfg, rotated: rotated}
}

// Capabilities are the driver's, without its limit.
func (r *Recogniser) Capabilities() recogniser.Capabilities {
	c := r.driver.Capabilities()
	c.LongestStream = 0
	return c
}
