package twilio

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
	"github.com/frontdesk/frontdesk/services/ingress/internal/calltoken"
	"github.com/frontdesk/frontdesk/services/ingress/internal/media"
	"github.com/frontdesk/frontdesk/services/ingress/internal/metrics"
	"github.com/frontdesk/frontdesk/services/ingress/internal/spool"
	"github.com/frontdesk/frontdesk/services/ingress/internal/ws"
)

// Server answers Twilio. Safe for concurrent use.
type Server struct {
	app    *app.Service
	intake *media.Intake
	links  Links
	tokens *calltoken.Signer
	auth   authority
	m      *metrics.Metrics
	log    *slog.Logger
	tracer trace.Tracer
	now    func() time.Time
	socket SocketConfig
	// journal of what waits; nil if a crash may forget it.
	journal *spool.Journal

	sockets    context.Context // ends every socket; it is the server's, not a request's
	endSockets context.CancelFunc

	mu      sync.Mutex
	open    int  // sockets
	closing bool // no more sockets
	streams map[*running]bool
	waiting map[broken]bool // streams whose successor waits
	ending  bool            // nothing waits any more
	empty   chan struct{}   // closed when closing, none is open and none waits
	hurry   chan struct{}   // closed when ending
}

// SocketConfig bounds the Media Streams sockets.
type SocketConfig struct {
	ws.Options
	// MaxOpen bounds how many are open at once; more are refused with 503.
	MaxOpen int
	// HandOver bounds how long streams that outlive the drain go on until others have taken over; 0 hands none over.
	HandOver time.Duration
}

// Deps is what a Server is made of.
type Deps struct {
	App     *app.Service
	Intake  *media.Intake
	Tenants *tenant.Set
	Links   Links
	Tokens  *calltoken.Signer
	Metrics *metrics.Metrics
	Log     *slog.Logger
	Tracer  trace.Tracer
	Now     func() time.Time
	Socket  SocketConfig
	// Journal keeps on the disk which broken streams wait for their successors; nil if a crash may forget that.
	Journal *spool.Journal
}

// NewServer makes a server.
func NewServer(d Deps) *Server {
	sockets, end := context.WithCancel(context.Background())
	return &Server{
		sockets: sockets, endSockets: end,
		app: d.App, intake: d.Intake, links: d.Links, tokens: d.Tokens, auth: newAuthority(d.Tenants),
		m: d.Metrics, log: d.Log, tracer: d.Tracer, now: d.Now, socket: d.Socket, journal: d.Journal,
		empty: make(chan struct{}), hurry: make(chan struct{}), waiting: map[broken]bool{}, streams: map[*running]bool{},
	}
}

// Handler routes the paths of the package comment.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range []route{
		{kind: "voice", twiml: true, handle: s.voice},
		{kind: "consent", twiml: true, json: true, handle: s.consent},
		{kind: "onward", twiml: true, handle: s.onward},
		{kind: "voicemail", twiml: true, handle: s.voicemail},
		{kind: "dial-action", twiml: true, handle: s.dialAction},
		{kind: "dial-status", handle: s.dialStatus},
		{kind: "stream-status", handle: s.streamStatus},
		{kind: "recording", handle: s.recording},
		{kind: "disposition", json: true, handle: s.disposition},
		{kind: "status", handle: s.status},
	} {
		mux.Handle("POST /twilio/{account}/"+r.kind, s.webhook(r))
	}
	mux.HandleFunc("GET /twilio/{account}/media", s.media)
	mux.HandleFunc("GET /twilio/fallback.xml", fallback)
	mux.HandleFunc("POST /twilio/fallback.xml", fallback)
	return mux
}
