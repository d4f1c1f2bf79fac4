// Package twilio is Twilio's side of a phone call: it rings a customer's server with signed webhooks, plays the
// TwiML that comes back, sends the call's sound over Media Streams, dials child legs, records, calls back, and
// answers Twilio's REST API about all of it. What Twilio refuses it refuses, in Twilio's words; where Twilio
// warns and guesses, it refuses too. It knows nothing of the server that it rings.
//
// # A call
//
// [Carrier.Place] plays one [calls.Call] from ring to the last callback; [Carrier.Run] plays many in the shape
// of a day's busy hour. Files read in the order of a call's life: call.go (ring to end), fetch.go (TwiML),
// verbs.go and a file for each verb that is more than a wait, stream.go and wire.go (Media Streams),
// recording.go, legs.go, callbacks.go, end.go; then load.go and report.go; then rest.go and its parts.
//
// # Time
//
// A call has a clock of its own: wall time where it began, plus call time. With Config.Speed 1 that is the
// wall clock. At Speed 20 a minute of call takes three seconds, and CallDuration, Timestamp, start_time and
// end_time still say a minute: they lie ahead of the wall clock by what was saved. Three things always take
// wall time: the customer's answer to a webhook (during which the call's clock runs at life's pace, so that a
// slow answer does not look Speed times slower), Twilio's time-outs, and its retries.
//
// # Sound
//
// Time 0 of a sample's sound is the first frame of its first stream; without a stream, the moment that the
// caller can speak (a bridged dial, a voicemail's tone). The caller hangs up when the sound is over. A stream
// that is started later goes on from there, on whole frames of 20 ms.
//
// Both tracks send every frame; with Config.PausingTrack the one that is played to the caller sends nothing while
// nothing is played, as Twilio's does.
//
// # Faults
//
// A call's own mischief (mischief.go) is part of its play. What befalls by chance, at any time, are latency, errors and
// outages of the REST API (rest.go) and of the way to the customer, webhooks and streams (faults.go).
//
// # Randomness
//
// SIDs, the order of late callbacks and arrivals are drawn from Config.Seed, so a run can be repeated. A
// deployment that keeps its state must be given a new seed for each run, or its calls look like repetitions of
// calls that it has seen.
package twilio
