package cli

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/ports"
)

// flagFaults collects what is wrong with a command's flags, so that it is told before anything is read or started.
type flagFaults []error

func (f *flagFaults) add(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

func (f *flagFaults) err() error { return usage(errors.Join(*f...)) }

// between checks a number; what is not a number is never between.
func (f *flagFaults) between(flag string, v, least, most float64) {
	if !(v >= least && v <= most) {
		f.add("--%s %v: want a number from %v to %v", flag, v, least, most)
	}
}

// speed of calls is between life and what the carrier's clock can tell apart.
func (f *flagFaults) speed(v float64) { f.between("speed", v, 1, 1000) }

// atLeast checks a number without a bound above.
func (f *flagFaults) atLeast(flag string, v, least float64) {
	if !(v >= least) || math.IsInf(v, 1) {
		f.add("--%s %v: want a number of %v or more", flag, v, least)
	}
}

func (f *flagFaults) duration(flag string, v, least time.Duration) {
	if v < least {
		f.add("--%s %v: want %v or more", flag, v, least)
	}
}

// folder checks that a folder that is named is there; empty names none.
func (f *flagFaults) folder(flag, dir string) {
	if dir == "" {
		return
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, os.ErrNotExist):
		f.add("--%s %s: there is no such folder", flag, dir)
	case err != nil:
		f.add("--%s: %w", flag, err)
	case !info.IsDir() && filepath.Base(dir) != "call.yaml":
		f.add("--%s %s: is no folder", flag, dir)
	}
}

// publicURL checks the base of an address that a carrier on the internet asks; empty is none.
func (f *flagFaults) publicURL(flag, text string) {
	if text == "" {
		return
	}
	if u, err := url.Parse(text); err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		f.add("--%s %s: want https:// and a host, without a path; Twilio rings nothing else", flag, text)
	}
}

// ports sets what --port gives.
func (f *flagFaults) ports(all ports.List, given []string) {
	for _, p := range given {
		if err := all.Parse(p); err != nil {
			f.add("--port %w", err)
		}
	}
	if err := all.Validate(); err != nil {
		f.add("--port %w", err)
	}
}

// dataFolder checks what names a folder that is made if it is not there.
func (f *flagFaults) dataFolder(flag, dir string) {
	if dir == "" {
		f.add("--%s: want a folder; it is made if it is not there", flag)
		return
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		f.add("--%s %s: is no folder", flag, dir)
	}
}

// count checks a whole number.
func (f *flagFaults) count(flag string, v, least, most int) {
	if v < least || v > most {
		f.add("--%s %d: want a whole number from %d to %d", flag, v, least, most)
	}
}

// newFile checks that a file that is named can be made; empty names none.
func (f *flagFaults) newFile(flag, name string) {
	if name == "" {
		return
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		f.add("--%s %s: is a folder; name a file in it", flag, name)
	} else if dir := filepath.Dir(name); !isDir(dir) {
		f.add("--%s %s: there is no folder %s; make it first", flag, name, dir)
	}
}
