package kafka_test

import (
	"errors"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/deadletter"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
	"github.com/frontdesk/frontdesk/pkg/servicekit/produce"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/pkg/servicekit/telemetry"
	"github.com/frontdesk/frontdesk/services/inference/internal/kafka"
)

// TestBury leaves the bytes that the event came in, and says where they stand and why.
func TestBury(t *testing.T) {
	conn := kafkatest.Broker(t, events.DeadLetters.Name+":1")
	prod := produce.New(conn, produce.Config{}, telemetry.Discard())
	defer func() { _ = prod.Close(t.Context()) }() // everything sent is acknowledged
	e := state("CA1", 3)
	if err := kafka.NewOutbox(prod).Bury(t.Context(), e, 7, retry.Permanently("too_large", errors.New("+12025550123"))); err != nil {
		t.Fatal(err)
	}
	letters := kafkatest.Records(t, conn, events.DeadLetters.Name)
	if len(letters) != 1 || string(letters[0].Key) != "CA1" {
		t.Fatalf("%d dead letters", len(letters))
	}
	if want, err := events.Marshal(e); err != nil || string(want) != string(letters[0].Value) {
		t.Error("not the event's bytes")
	}
	for key, want := range map[string]string{
		deadletter.HeaderTopic: "calls.state", deadletter.HeaderOffset: "7", deadletter.HeaderGroup: "inference",
		deadletter.HeaderCode: "too_large", deadletter.HeaderClass: "permanent", deadletter.HeaderReason: "", events.HeaderTenant: "acme",
	} {
		if got := deadletter.Get(letters[0].Headers, key); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
}
