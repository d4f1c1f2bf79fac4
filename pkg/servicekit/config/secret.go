package config

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// Secret is a string that never prints: its String, LogValue and MarshalText give "***". In files it is given
// as it is, as "env:NAME", or as "file:/path" (trailing newline cut), which are resolved when it is loaded.
type Secret string

// Reveal returns the secret itself, for the one place that uses it.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString implements fmt.GoStringer, so that %#v does not print it either.
func (s Secret) GoString() string { return s.String() }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Secret) UnmarshalText(text []byte) error {
	v := string(text)
	if name, ok := strings.CutPrefix(v, "env:"); ok {
		value, set := os.LookupEnv(name)
		if !set {
			return fmt.Errorf("the environment has no variable %s", name)
		}
		*s = Secret(value)
		return nil
	}
	if path, ok := strings.CutPrefix(v, "file:"); ok {
		b, err := os.ReadFile(path) //nolint:gosec // the operator names the file in his own settings
		if err != nil {
			return fmt.Errorf("reading the secret: %w", err)
		}
		*s = Secret(strings.TrimRight(string(b), "\r\n"))
		return nil
	}
	*s = Secret(v)
	return nil
}

// Masked is an address as it may be shown. Some write a URL where host:port is wanted, with a password before its @.
func Masked(address string) string {
	if i := strings.LastIndex(address, "@"); i >= 0 {
		return "***" + address[i:]
	}
	return address
}
