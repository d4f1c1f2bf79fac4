package idempotency

import (
	"context"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/metric"
)

// epochKey holds a value that never changes while Redis keeps what it is given. Whoever finds it missing makes
// it, so all who use one Redis know the same. It stands in a slot of its own.
const epochKey = "frontdesk:epoch"

// metrics of a store:
//
//	redis.flushes          times that Redis was found emptied, or to be another
//	redis.claims.restored  claims under way that were gone and put back
type metrics struct{ flushes, restored metric.Int64Counter }

// newMetrics makes the instruments; their names are constants and valid, which is all that the API's errors are about.
func newMetrics(m metric.Meter) metrics {
	flushes, _ := m.Int64Counter("redis.flushes", metric.WithDescription("Times that Redis was found emptied, or to be another: claims are forgotten."))
	restored, _ := m.Int64Counter("redis.claims.restored", metric.WithDescription("Claims under way that were gone from Redis and put back."))
	return metrics{flushes, restored}
}

// watchEpoch notices that the claims of a day are gone. Those that are held are put back by their renewal, and
// those that are done are not: the guards behind Redis hold then, and somebody should know.
func (s *Store) watchEpoch(ctx context.Context) {
	mine := uuid.NewString()
	set := redis.NewStatusCmd(ctx, "SET", epochKey, mine, "NX", "GET")
	was, err := result(s.pipe.do(ctx, set, nil), set)
	if err != nil {
		return // away, which those who claim are told
	}
	if was == "" {
		was = mine
	}
	if s.epoch != "" && s.epoch != was {
		s.metrics.flushes.Add(ctx, 1)
		s.tel.Log.Warn("Redis was emptied, or is another one: what was claimed and done before is forgotten; what is under way is claimed again")
	}
	s.epoch = was
}
