package calltoken

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// encode writes version and fields. A new field goes to the end and raises the version; [decode] then reads
// both for as long as old tokens live. A token that needs no new field is still written in the old version, so that
// replicas of the last release read it during a rollout.
func encode(f app.Facts) []byte {
	b := make([]byte, 0, 256)
	if f.Failed == 0 {
		b = append(b, version)
	} else {
		b = append(b, versionFailed)
	}
	b = text(b, f.CallID)
	b = number(b, int64(f.Source))
	b = text(b, f.Account)
	b = text(b, f.Tenant)
	b = text(b, f.Line)
	b = text(b, f.LineOfBusiness)
	b = text(b, f.Payer)
	b = text(b, f.Language)
	b = reference(b, f.CallerRef)
	b = number(b, f.Start.UnixMilli())
	b = number(b, int64(f.Consent))
	b = number(b, int64(f.Handling))
	b = number(b, int64(f.Attempt))
	b = number(b, f.Heard.Milliseconds())
	b = number(b, f.Expires.Unix())
	if f.Failed > 0 {
		b = number(b, int64(f.Failed))
	}
	return b
}

func text(b []byte, s string) []byte { return append(binary.AppendUvarint(b, uint64(len(s))), s...) }

func number(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

// reference halves a hex text, which a caller reference is, by writing its bytes; the first byte tells.
func reference(b []byte, s string) []byte {
	if raw, err := hex.DecodeString(s); err == nil && hex.EncodeToString(raw) == s {
		return text(append(b, 1), string(raw))
	}
	return text(append(b, 0), s)
}

// decode is encode's inverse; nothing may be left over.
func decode(b []byte) (app.Facts, error) {
	r := &reader{b: b[1:]}
	f := app.Facts{
		CallID: r.text(), Source: events.Source(r.enum()), Account: r.text(), Tenant: r.text(), Line: r.text(),
		LineOfBusiness: r.text(), Payer: r.text(), Language: r.text(), CallerRef: r.reference(),
		Start:   time.UnixMilli(r.number()).UTC(),
		Consent: events.ConsentAnswer(r.enum()), Handling: events.Handling(r.enum()), Attempt: int(r.enum()),
		Heard:   time.Duration(r.enum()) * time.Millisecond,
		Expires: time.Unix(r.number(), 0).UTC(),
	}
	if b[0] == versionFailed {
		f.Failed = int(r.enum())
	}
	if r.bad || len(r.b) > 0 || f.CallID == "" || f.Account == "" || f.Tenant == "" {
		return app.Facts{}, ErrMalformed
	}
	return f, nil
}

type reader struct {
	b   []byte
	bad bool
}

func (r *reader) text() string {
	n, size := binary.Uvarint(r.b)
	if size <= 0 || n > uint64(len(r.b)-size) {
		r.bad, r.b = true, nil
		return ""
	}
	end := size + int(n)
	s := string(r.b[size:end])
	r.b = r.b[end:]
	return s
}

func (r *reader) number() int64 {
	n, size := binary.Varint(r.b)
	if size <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *reader) enum() int32 {
	n := r.number()
	if n < 0 || n > math.MaxInt32 {
		r.bad = true
		return 0
	}
	return int32(n)
}

func (r *reader) reference() string {
	if len(r.b) == 0 {
		r.bad = true
		return ""
	}
	packed := r.b[0] == 1
	r.b = r.b[1:]
	s := r.text()
	if packed {
		return hex.EncodeToString([]byte(s))
	}
	return s
}
