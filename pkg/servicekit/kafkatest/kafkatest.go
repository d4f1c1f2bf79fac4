// Package kafkatest gives tests an embedded broker and an embedded Redis, on the production clients.
package kafkatest

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
)

// Broker starts an embedded Kafka with the given topics (4 partitions each unless set otherwise) and stops it with the
// test.
func Broker(tb testing.TB, topics ...string) *broker.Conn { panic("not yet") }

// Redis starts an embedded Redis and stops it with the test; its clock runs.
func Redis(tb testing.TB) *redis.Client { panic("not yet") }
