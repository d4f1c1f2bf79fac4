package deadletter

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/segmentio/kafka-go"
)

// ID is where a dead letter stands in its topic: its name among people, "partition-offset".
type ID struct {
	Partition int
	Offset    int64
}

// String is the id as it is typed: "3-1042".
func (id ID) String() string {
	return strconv.Itoa(id.Partition) + "-" + strconv.FormatInt(id.Offset, 10)
}

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// Compare orders ids by partition and then as their dead letters came.
func (id ID) Compare(other ID) int {
	return cmp.Or(cmp.Compare(id.Partition, other.Partition), cmp.Compare(id.Offset, other.Offset))
}

// ParseID reads what [ID.String] writes.
func ParseID(text string) (ID, error) {
	p, o, ok := strings.Cut(text, "-")
	partition, perr := strconv.ParseUint(p, 10, 31)
	offset, oerr := strconv.ParseUint(o, 10, 63)
	if !ok || perr != nil || oerr != nil {
		return ID{}, fmt.Errorf("%q is no id of a dead letter: want PARTITION-OFFSET, as 3-1042", text)
	}
	return ID{Partition: int(partition), Offset: int64(offset)}, nil
}

// Letter is what the headers of a dead letter say.
type Letter struct {
	Origin
	Class, Code, Field, Reason, Dependency string
	// Redrives is how often the message had come back from here before it failed this time.
	Redrives int
	// Redriven is the id of the dead letter that it came back from last; empty if it never was one.
	Redriven string
	// Omitted is how many bytes of value were too large to go along; −1 if the value is here. The original is where
	// Origin says, as long as that topic keeps it.
	Omitted int
}

// Read makes a Letter of headers. What is missing or damaged is left at zero, a place at −1: a dead letter that somebody
// else wrote is shown as far as it goes.
func Read(h []kafka.Header) Letter {
	return Letter{
		Origin: Origin{
			Topic: Get(h, HeaderTopic), Partition: int(number(h, HeaderPartition, -1)), Offset: number(h, HeaderOffset, -1),
			Time: moment(h, HeaderTime), Group: Get(h, HeaderGroup), Attempts: int(number(h, HeaderAttempts, 0)),
			FirstFailure: moment(h, HeaderFirstFailure), FailedAt: moment(h, HeaderFailedAt),
		},
		Class: Get(h, HeaderClass), Code: Get(h, HeaderCode), Field: Get(h, HeaderField), Reason: Get(h, HeaderReason),
		Dependency: Get(h, HeaderDependency), Redrives: int(max(0, number(h, HeaderRedrives, 0))), Redriven: Get(h, HeaderRedriven),
		Omitted: int(number(h, HeaderOmitted, -1)),
	}
}

// Returned are the headers of a dead letter's message when it is sent back: the original's, with one more redrive and the
// id that it comes from. Should it fail again, [Headers] keeps both, so that the new dead letter is known for its child.
func Returned(h []kafka.Header, id ID) []kafka.Header {
	return append(undead(h), text(HeaderRedrives, strconv.Itoa(Read(h).Redrives+1)), text(HeaderRedriven, id.String()))
}

func number(h []kafka.Header, key string, otherwise int64) int64 {
	n, err := strconv.ParseInt(Get(h, key), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

func moment(h []kafka.Header, key string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, Get(h, key))
	if err != nil {
		return time.Time{}
	}
	return t
}
