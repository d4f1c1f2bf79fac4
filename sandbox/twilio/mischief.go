package twilio

import (
	"errors"
	"fmt"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// Mischief is what goes wrong with a call on purpose, so that a test can prove that it shows.
type Mischief struct {
	// Drop takes audio out of a track: its frames are never sent, and chunk numbers and timestamps jump.
	Drop []Drop `json:"drop,omitempty" yaml:"drop"`
	// BreakStream drops the stream's socket, without a close frame, at these times of the call's sound.
	BreakStream []time.Duration `json:"break_stream,omitempty" yaml:"break_stream"`
	// Double is the share of webhooks that are delivered a second time, 0 to 1.
	Double float64 `json:"double,omitempty" yaml:"double"`
	// Disorder is the share of callbacks that are held back, by up to five seconds of call time, while later
	// ones go ahead, 0 to 1.
	Disorder float64 `json:"disorder,omitempty" yaml:"disorder"`
	// NoFinalStatus keeps the number's status callback from ever being sent.
	NoFinalStatus bool `json:"no_final_status,omitempty" yaml:"no_final_status"`
}

// Drop is a stretch of one track.
type Drop struct {
	// Track is calls.TrackCaller or calls.TrackAgent.
	Track string `json:"track" yaml:"track"`
	// At is when it begins in the call's sound, For how long it is; rounded outwards to frames of 20 ms.
	At  time.Duration `json:"at" yaml:"at"`
	For time.Duration `json:"for" yaml:"for"`
}

func (m Mischief) validate() error {
	var faults []error
	for i, d := range m.Drop {
		if d.Track != calls.TrackCaller && d.Track != calls.TrackAgent || d.At < 0 || d.For <= 0 {
			faults = append(faults, fmt.Errorf("drop[%d]: wants track caller or agent, at from 0, for above 0", i))
		}
	}
	for i, at := range m.BreakStream {
		if at < 0 || i > 0 && at <= m.BreakStream[i-1] {
			faults = append(faults, fmt.Errorf("break_stream[%d]: must rise from 0", i))
		}
	}
	if m.Double < 0 || m.Double > 1 || m.Disorder < 0 || m.Disorder > 1 {
		faults = append(faults, errors.New("double and disorder are shares, 0 to 1"))
	}
	return errors.Join(faults...)
}

// drops tells whether frame number f of the call's sound is taken out of a track.
func (m *Mischief) drops(track string, f int) bool {
	at := time.Duration(f) * frameTime
	for _, d := range m.Drop {
		if d.Track == track && at+frameTime > d.At && at < d.At+d.For {
			return true
		}
	}
	return false
}
