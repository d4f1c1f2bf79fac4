package ports

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// handedOut are the ports that this process has given away already; nobody may listen there yet.
var handedOut sync.Map

// Free is an address on loopback where nobody listens. It lies below what Linux gives to outgoing connections, so that a part
// finds its port free when it is started again.
func Free(ctx context.Context) (string, error) {
	port, err := free(ctx, loopback)
	return net.JoinHostPort(loopback, strconv.Itoa(port)), err
}

const loopback = "127.0.0.1"

func free(ctx context.Context, host string) (int, error) {
	const from, to, tries = 15_000, 32_000, 100
	var last error
	for range tries {
		port := from + rand.IntN(to-from) //nolint:gosec // a port, not a secret
		if _, taken := handedOut.LoadOrStore(port, true); taken {
			continue
		}
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			return port, ln.Close() //nolint:wrapcheck // nothing was sent
		}
		last = err
	}
	return 0, fmt.Errorf("looking for a free port from %d to %d: %w", from, to, errors.Join(last))
}
