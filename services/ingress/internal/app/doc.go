// Package app is what ingress does, whatever carrier a call comes in by: it turns what the carrier tells into
// events, and answers what is to happen to the caller. It knows no HTTP, no TwiML, no Kafka; what it needs of
// them are the ports of ports.go.
//
// # The flow of a call
//
//	ring       Incoming      CallStarted; the plan says: ask, or go on
//	key        Answered      ConsentRecorded; the plan says: stream and record, or not; then onward
//	talk       media         MediaStarted, AudioChunk …, MediaEnded (package media)
//	           Reported      ConsentRecorded from a receptionist; a denial stops stream and recording, a grant
//	                         starts them unless the log knows of a withdrawal
//	           LegChanged    CallStarted and CallEnded of the legs that <Dial> makes, folded to the root
//	           StreamBroke   a new stream, while the call lives and consent stands
//	           Recording     RecordingStarted, RecordingReady
//	hang-up    Ended         CallEnded
//	later      Disposition   DispositionSet
//
// Nothing here keeps state between two webhooks. What a later one needs to know travels in [Facts], which the
// adapter signs into every URL that it hands out; what must not be stale (has consent been withdrawn? does
// the call still live?) is asked of Kafka and of the carrier when it matters. Whatever order webhooks come
// in, however often, on whichever replica: the same webhook makes the same event id, and consumers drop the
// repeats.
//
// # Two rules
//
// The caller is never dropped for our sake: Incoming and Answered always return a plan, without a stream if
// the events can't be stored. Every other use case returns an error instead, the adapter answers 503, and the
// carrier tries again.
//
// Nobody is heard without leave: there is no stream and no recording unless consent is granted, not asked by
// policy, or (policy "reported") still open, in which case stt keeps the audio to itself. A message is a recording: where
// the tenant asks, none is taken before a yes is stored.
package app
