package cli

import (
	"fmt"
	"io"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
)

// onLoopback is where the all-in-one listens.
const onLoopback = "All of it listens on 127.0.0.1 only"

// printEndpoints says where everything listens and what opens it. Whatever one would copy stands on a line of its own: nothing is
// folded or framed. where says what all of it listens on.
func printEndpoints(w io.Writer, all []stage.Endpoint, where string) {
	for _, e := range all {
		part := e.Part
		if e.Tenant != "" {
			part += " of " + e.Tenant
		}
		fmt.Fprintf(w, "%-32s %s\n", part, e.Address)
		for _, c := range e.Credentials {
			fmt.Fprintf(w, "  %-30s %s\n", c.Name, c.Value)
		}
		if e.Try != "" {
			fmt.Fprintf(w, "  $ %s\n", e.Try)
		}
	}
	fmt.Fprintf(w, "\n%s, and every credential is the sandbox's own.\n", where)
}
