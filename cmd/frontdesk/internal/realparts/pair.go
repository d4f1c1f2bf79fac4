package realparts

import (
	"context"
	"errors"
)

// Pair is a Kafka and a Redis. Either may be stopped, killed and started by the caller.
type Pair struct {
	Kafka *Kafka
	Redis *Redis
}

// StartPair starts both in a folder, and returns when they answer, or with the first error, everything stopped again. libs is the
// folder of Kafka's jars, settings are further lines of its server.properties. A secured pair asks for TLS and a password: SASL_SSL
// with SCRAM-SHA-512, and an ACL user.
func StartPair(ctx context.Context, dir, libs string, secured bool, settings ...string) (_ *Pair, err error) {
	p := &Pair{}
	defer func() { //nolint:contextcheck // what was started is stopped though ctx has ended
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	var sec *security
	if secured {
		if sec, err = newSecurity(dir); err != nil {
			return nil, err
		}
	}
	if p.Kafka, err = startKafka(ctx, dir, libs, sec, settings); err != nil {
		return nil, err
	}
	if p.Redis, err = startRedis(ctx, dir, sec); err != nil {
		return nil, err
	}
	return p, nil
}

// Close stops what still runs, Kafka last.
func (p *Pair) Close() error {
	var errs []error
	if p.Redis != nil {
		errs = append(errs, p.Redis.Stop())
	}
	if p.Kafka != nil {
		errs = append(errs, p.Kafka.Stop())
	}
	return errors.Join(errs...)
}
