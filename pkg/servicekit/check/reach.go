package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Unreached is why a dependency could not be reached, in words that tell the faults of name, network and TLS apart.
type Unreached struct {
	// Code is the last part of a finding's code: "unreachable", "no_such_host", "tls_unknown_ca" and so on.
	Code string
	// What follows "<address> can't be reached: " or stands by itself, with a full stop.
	What, Do string
}

// Reach reads an error of a connection. setting is how the settings name the part, as "kafka": its keys stand in what to do.
func Reach(err error, setting string) Unreached {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		name      *net.DNSError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &authority):
		return Unreached{"tls_unknown_ca", "Its certificate is signed by an authority that is not trusted here.",
			"Give the authority's certificate (" + setting + ", ca_file), or put it into the system's trust."}
	case errors.As(err, &host):
		return Unreached{"tls_name", "Its certificate is for another name.",
			"Use a name that stands in the certificate, or have one made for this name."}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return Unreached{"tls_expired", "Its certificate has expired, or is not valid yet.",
			"Renew the certificate; if it is in order, set this machine's clock."}
	case errors.As(err, &record):
		return Unreached{"not_tls", "It does not speak TLS.",
			"Take the port of its TLS listener, or switch TLS off (" + setting + ", tls)."}
	case errors.As(err, &alert), strings.Contains(text(err), "tls: certificate required"), strings.Contains(text(err), "tls: bad certificate"):
		return Unreached{"tls_refused", "It refuses the TLS handshake, as one does that asks for a client's certificate.",
			"Give our own certificate (" + setting + ", cert_file and key_file) if it wants one."}
	case errors.As(err, &name):
		return Unreached{"no_such_host", "Its name can't be resolved from here.",
			"Correct the name, or run the check where the name is known, as in the cluster."}
	case errors.Is(err, syscall.ECONNREFUSED):
		return Unreached{"unreachable", "Nothing listens there.", "Start it, or correct host and port."}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
		return Unreached{"unreachable", "It does not answer in time.", "See whether a firewall or a network policy is in the way, and whether one side speaks TLS and the other does not."}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Unreached{"hangs_up", "It closes the connection, as one does that expects TLS where none is spoken, none where it is, or another login.",
			"See whether this port wants TLS (" + setting + ", tls) or none, or credentials."}
	}
	return Unreached{"unreachable", "The connection fails.", "Correct host and port, and see what is in the way."}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
