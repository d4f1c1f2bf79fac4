package events

import (
	"crypto/sha1" //nolint:gosec // RFC 4122 section 4.3 builds version 5 UUIDs on SHA-1; nothing here is a secret.
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
)

// namespace of Frontdesk's version 5 UUIDs (RFC 4122 section 4.3). Changing it changes every id.
var namespace = [16]byte{0x6f, 0x1d, 0x3c, 0x52, 0x8a, 0x47, 0x4e, 0x0b, 0x9c, 0x21, 0x5e, 0x70, 0xd4, 0x93, 0xb6, 0xaf}

// RoleFile is the role of the transcript's file among a call's records.
const RoleFile = "file"

// eventID is the UUIDv5 of call id, leg, kind and discriminator. The parts are joined by a byte that no
// carrier's id holds, so that no two lists of parts join to the same name.
func eventID(c Call, k Kind, discriminator string) string {
	id := uuidOf(c, k, discriminator)
	return string(id[:])
}

func uuidOf(c Call, k Kind, discriminator string) (out [36]byte) {
	name := make([]byte, 0, 256)
	name = append(name, namespace[:]...)
	for i, part := range [...]string{c.ID, c.Leg, k.String(), discriminator} {
		if i > 0 {
			name = append(name, 0x1f)
		}
		name = append(name, part...)
	}
	u := sha1.Sum(name) //nolint:gosec // see the import
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	hex.Encode(out[0:8], u[0:4])
	hex.Encode(out[9:13], u[4:6])
	hex.Encode(out[14:18], u[6:8])
	hex.Encode(out[19:23], u[8:10])
	hex.Encode(out[24:36], u[10:16])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return out
}

// follows tells whether the id of e is the one that e must have. What this version can't see into, a sealed body or
// one of a kind that it doesn't know, it takes on trust.
func follows(e *CallEvent) bool {
	k, m := bodyField(e.GetBody())
	if m == nil {
		return true
	}
	id := uuidOf(CallOf(e), k, discriminator(m))
	return string(id[:]) == e.GetEventId()
}

// isUUID tells whether s is a UUID in its canonical form, lower case (RFC 9562 section 4).
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}

// IDBytes is the 16 bytes of an event id, for a fold that keeps many; nil if id is no UUID.
func IDBytes(id string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 {
		return nil
	}
	return b
}

// Discriminator is what tells m from other events of its kind on the same leg: together with call id, leg
// and kind it makes the event id and the idempotency key. It panics if m is no body of [Body].
//
// What makes up a kind's discriminator is settled once released: two versions that made it otherwise would give one event
// two ids during a rollout, and it would count twice. Something new to tell apart is a new kind.
func Discriminator(m proto.Message) string { return discriminator(m) }

func discriminator(m proto.Message) string {
	switch m := m.(type) {
	case *CallStarted, *CallEnded:
		return "" // one of each per leg, however many webhooks tell it
	case *ConsentRecorded:
		return consent(m)
	case *MediaStarted:
		return m.GetStreamId()
	case *AudioChunk:
		return join(m.GetStreamId(), m.GetParty(), m.GetChunk())
	case *MediaGap:
		return join(m.GetStreamId(), m.GetParty(), m.GetStartMs())
	case *MediaEnded:
		return m.GetStreamId()
	case *RecordingStarted:
		return m.GetRecordingId()
	case *RecordingReady:
		return join(m.GetRecordingId(), m.GetStatus())
	case *DispositionSet:
		return join(m.GetSource(), m.GetToken())
	case *TranscriptSegment:
		return join(m.GetStreamId(), m.GetRun(), m.GetParty(), m.GetStartMs())
	case *TranscriptCompleted:
		return join(m.GetStreamId(), m.GetRun())
	case *CallInsight:
		return join(m.GetRevision(), provenance(m.GetProvenance()))
	case *InsightUnavailable:
		return join(m.GetRevision(), provenance(m.GetProvenance()))
	case *CallRecord:
		return join(m.GetRevision(), m.GetCrmStatus()) + stage(m)
	case *UsageRecorded:
		return join(m.GetProvider(), m.GetRequestId())
	case *CallState:
		last := ""
		if n := len(m.GetFolded()); n > 0 {
			last = hex.EncodeToString(m.GetFolded()[n-1])
		}
		return join(m.GetRevision(), last)
	case *BeforeImage:
		r := m.GetRecord()
		return join(m.GetRevision(), r.GetObject(), r.GetRole(), r.GetId())
	}
	panic(fmt.Sprintf("events: %T is not the body of an event", m))
}

// consent: a caller answers the question once, and a policy once. What is reported may go back and forth, so the time that
// it was given at tells one answer from the same answer later; a reporter that repeats itself repeats the time.
func consent(m *ConsentRecorded) string {
	if m.GetMethod() != ConsentMethod_CONSENT_METHOD_REPORTED {
		return join(m.GetMethod(), m.GetAnswer())
	}
	return join(m.GetMethod(), m.GetAnswer(), m.GetDecidedAt().AsTime().UnixMilli())
}

// stage tells what stands in the CRM under one status: a record is told after each write, so that WRITTEN comes once
// for the records, and again with the bus's id and with the file.
func stage(r *CallRecord) string {
	s := ""
	if r.GetCrmStatus() == CrmStatus_CRM_STATUS_WRITTEN {
		if r.GetBusEventId() != "" {
			s += ":bus"
		}
		if slices.ContainsFunc(r.GetRecords(), func(x *CrmRecord) bool { return x.GetRole() == RoleFile }) {
			s += ":file"
		}
		if r.GetErrorCode() != "" {
			s += ":refused"
		}
	}
	return s
}

func provenance(p *Provenance) string {
	return join(p.GetTranscriptId(), p.GetProvider(), p.GetModel(), p.GetPromptVersion(), p.GetCatalogueVersion())
}

func join(parts ...any) string {
	var b strings.Builder
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(':')
		}
		switch p := p.(type) {
		case string:
			b.WriteString(p)
		case uint64:
			b.WriteString(strconv.FormatUint(p, 10))
		case uint32:
			b.WriteString(strconv.FormatUint(uint64(p), 10))
		case int64:
			b.WriteString(strconv.FormatInt(p, 10))
		case fmt.Stringer: // an enum's name
			b.WriteString(p.String())
		default:
			fmt.Fprint(&b, p)
		}
	}
	return b.String()
}
