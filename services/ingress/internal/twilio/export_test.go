package twilio

import (
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
)

// Journal has a server write down what waits.
func Journal(s *Server, j *spool.Journal) { s.journal = j }

// Parameters shows the stream's parameters to the tests: name and value.
func Parameters(l Links, f app.Facts) [][2]string {
	var out [][2]string
	for _, p := range l.parameters(f) {
		out = append(out, [2]string{p.name, p.value})
	}
	return out
}
