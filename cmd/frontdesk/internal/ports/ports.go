// Package ports is which ports a command's parts listen on, and what its flag --port calls them.
package ports

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// Port is one part's.
type Port struct {
	// Name is what --port calls it.
	Name string
	// Number is 0 for a free one.
	Number *int
	// Early is one that others are told before its owner listens, so that a free one must be found before.
	Early bool
}

// List is all of a command's, in the order in which they are told.
type List []Port

// Names are those that Set knows.
func (l List) Names() []string {
	var names []string
	for _, p := range l {
		names = append(names, p.Name)
	}
	return names
}

// Parse sets a port from NAME=PORT, as the flag gives it.
func (l List) Parse(flag string) error {
	name, text, _ := strings.Cut(flag, "=")
	port, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%s: want NAME=PORT, as %s=8090", flag, l[0].Name)
	}
	return l.Set(name, port)
}

// Set sets the port that has a name.
func (l List) Set(name string, port int) error {
	for _, p := range l {
		if p.Name != name {
			continue
		}
		if port < 0 || port > 65535 {
			return fmt.Errorf("%s=%d: want a port from 1 to 65535, or 0 for a free one", name, port)
		}
		*p.Number = port
		return nil
	}
	return fmt.Errorf("there is no port %q: want one of %s", name, strings.Join(l.Names(), ", "))
}

// Validate tells which ports are one and the same.
func (l List) Validate() error {
	var faults []error
	owner := map[int]string{}
	for _, p := range l {
		if other, taken := owner[*p.Number]; taken && *p.Number != 0 {
			faults = append(faults, fmt.Errorf("%s=%d: %s has that port already", p.Name, *p.Number, other))
			continue
		}
		owner[*p.Number] = p.Name
	}
	return errors.Join(faults...)
}

// Reserve finds free ports of host for those that are told early, if they have none, and tells of every other whether it is taken
// before anything is started. A port is free again until its owner listens: it lies where no outgoing connection is given one, and
// whoever takes it all the same makes the start fail in words.
func (l List) Reserve(ctx context.Context, host string) error {
	var faults []error
	for _, p := range l {
		if *p.Number == 0 {
			if p.Early {
				var err error
				if *p.Number, err = free(ctx, host); err != nil {
					faults = append(faults, fmt.Errorf("%s: %w", p.Name, err))
				}
			}
			continue
		}
		addr := net.JoinHostPort(host, strconv.Itoa(*p.Number))
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			faults = append(faults, fmt.Errorf("%s (%s) is taken: stop what listens there, or choose another port with --port %[2]s=PORT, 0 for a free one",
				addr, p.Name))
			continue
		case err != nil:
			faults = append(faults, fmt.Errorf("opening %s for %s; choose another port with --port %[2]s=PORT: %[3]w", addr, p.Name, err))
			continue
		}
		defer ln.Close()
	}
	return errors.Join(faults...)
}
