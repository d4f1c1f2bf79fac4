// Package deadletter is the message that a service leaves behind when it cannot handle another: the original
// key and bytes, and in the headers where it came from and why it failed.
//
// Headers never quote a value: code, field and our own words only. What the vendor said may hold a caller's
// name or number, and a dead letter is read by people who may not see them.
package deadletter

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
)

// The headers that a dead letter adds to those of the original.
const (
	HeaderTopic        = "dl-topic"
	HeaderPartition    = "dl-partition"
	HeaderOffset       = "dl-offset"
	HeaderTime         = "dl-time"          // when the original was written, RFC 3339
	HeaderGroup        = "dl-group"         // consumer group that failed
	HeaderAttempts     = "dl-attempts"      // how often it was tried
	HeaderFirstFailure = "dl-first-failure" // RFC 3339
	HeaderFailedAt     = "dl-failed-at"     // RFC 3339
	HeaderClass        = "dl-class"         // "permanent", or "retryable" if its retries are spent
	HeaderCode         = "dl-code"
	HeaderField        = "dl-field"
	HeaderReason       = "dl-reason" // our own words, where the error has some that quote nothing
	HeaderDependency   = "dl-dependency"
	HeaderRedrives     = "dl-redrives" // how often it has come back from here, by whoever sent it back
	HeaderRedriven     = "dl-redriven" // id of the dead letter that it came back from last, likewise
	HeaderOmitted      = "dl-omitted"  // bytes of a value that was too large to go along, and stands where it was
	prefix             = "dl-"
)

// maxReason bounds the words, in bytes.
const maxReason = 1000

// Origin is where the original stands and what has been spent on it.
type Origin struct {
	Topic        string
	Partition    int
	Offset       int64
	Time         time.Time
	Group        string
	Attempts     int
	FirstFailure time.Time
	FailedAt     time.Time
}

// Headers are the dead letter's: the original's, with o and cause. What an earlier failure left in a message that
// has come back is dropped, but for what [Returned] has put there.
func Headers(original []kafka.Header, o Origin, cause error) []kafka.Header {
	h := append(Set(nil, undead(original, HeaderRedrives, HeaderRedriven)...),
		text(HeaderTopic, o.Topic), text(HeaderPartition, strconv.Itoa(o.Partition)),
		text(HeaderOffset, strconv.FormatInt(o.Offset, 10)), text(HeaderTime, stamp(o.Time)),
		text(HeaderGroup, o.Group), text(HeaderAttempts, strconv.Itoa(o.Attempts)),
		text(HeaderFirstFailure, stamp(o.FirstFailure)), text(HeaderFailedAt, stamp(o.FailedAt)),
		text(HeaderClass, retry.ClassOf(cause).String()), text(HeaderCode, retry.Code(cause)),
	)
	words := retry.Words(cause)
	for _, x := range []kafka.Header{
		text(HeaderField, retry.Field(cause)), text(HeaderReason, words[:min(len(words), maxReason)]), text(HeaderDependency, retry.Dependency(cause)),
	} {
		if len(x.Value) > 0 {
			h = append(h, x)
		}
	}
	return h
}

// undead are the headers that no dead letter has added, but for some.
func undead(h []kafka.Header, but ...string) []kafka.Header {
	return slices.DeleteFunc(slices.Clone(h), func(h kafka.Header) bool {
		return strings.HasPrefix(h.Key, prefix) && !slices.Contains(but, h.Key)
	})
}

// Set returns h with each of set overwriting a header of the same key, or added.
func Set(h []kafka.Header, set ...kafka.Header) []kafka.Header {
next:
	for _, s := range set {
		for i := range h {
			if h[i].Key == s.Key {
				h[i].Value = s.Value
				continue next
			}
		}
		h = append(h, s)
	}
	return h
}

// Get returns the value of a header, "" if there is none.
func Get(h []kafka.Header, key string) string {
	for i := range h {
		if h[i].Key == key {
			return string(h[i].Value)
		}
	}
	return ""
}

func text(k, v string) kafka.Header { return kafka.Header{Key: k, Value: []byte(v)} }

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
