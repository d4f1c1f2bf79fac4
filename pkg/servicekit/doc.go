// Package servicekit is what every Frontdesk service is made of, without any domain: it moves bytes and
// headers and never imports the events contract.
//
//	broker       the way to Kafka: settings, topics, reading ranges
//	consume      the consumer: one queue per key, completions that may come later, contiguous commits
//	produce      the producer: natural batching, acks from all replicas
//	retry        error classes, back-off and the in-place retry
//	idempotency  claims in Redis
//	deadletter   the dead-letter message and its headers
//	check        findings that say what to do, for `frontdesk check`
//	config       defaults < file < environment, strict
//	telemetry    tracer, meter, logger, registry: passed in, never global
//	lifecycle    ordered start and shutdown, health endpoints
//	seal         encryption of event bodies under a call's own key
//	embedded     a Kafka broker and a Redis inside this process, for one machine
//	kafkatest    the same for tests
package servicekit
