// Package app hears calls: it takes a call's audio from the log, gives it to a recogniser once the caller
// may be heard, and publishes the words, in such a way that a crash at any point loses and doubles nothing.
// It knows no Kafka and no product; what it needs of them it declares (ports.go).
//
// It reads in the order in which audio passes:
//
//	app.go        partitions and calls, and which message goes where
//	call.go       one call: its consent, its streams, its outbox
//	stream.go     one stream: from MediaStarted to TranscriptCompleted
//	verdict.go    may it be heard
//	track.go      one party of a stream: chunks in, holes found
//	ledger.go     which message is done when
//	hearing.go    the recogniser's session of a track, and what it tells
//	away.go       what is kept while a recogniser can't be had
//	slots.go      how many sessions there may be
//	gap.go        audio that is never heard, declared
//	outbox.go     publishes in order, each once the one before is acknowledged
//	finish.go     how a stream ends
//	quiet.go      a stream that nobody ends
//	relieve.go    too much is waiting
//	past.go       what the log tells of streams that another process began
//	own.go        partitions come and go
//	usage.go      what it cost
//
// # When a message is done
//
// An AudioChunk is done when everything in it is covered: by a final whose segment the broker has
// acknowledged, by ten seconds of quiet after it, by the recogniser's word that it has told all it heard, by an
// acknowledged MediaGap, or by the stream's acknowledged TranscriptCompleted. So the committed offset is the oldest audio that somebody would have to
// hear again, and the segments on calls.transcripts say where in it to begin. MediaStarted and
// ConsentRecorded are done with the first audio that is covered after them, or with their stream.
//
// # What a new owner knows
//
// A partition's new owner begins at the committed offset, usually in the middle of calls. What began before
// it reads back (past.go): MediaStarted and ConsentRecorded from calls.lifecycle, where they stand as well,
// and how far each party was told, which gaps were declared and which streams are complete from
// calls.transcripts. The log says all of it; nothing is kept elsewhere.
//
// # What repeats
//
// Nothing is claimed: there is no effect that must not be had twice. A message that comes again is known by its chunk's number and
// by how far its party was told; a segment that is published again lies over media time that its reader has taken. A crash
// therefore costs at any step no more than what the recogniser bills for hearing a few seconds again.
//
// # When a process stops
//
// Sessions are not flushed: a half-close tears the word under way. What has no final yet is not done, and the next owner hears it
// again from the log. Until the next assignment tells whose a partition is, its sessions are kept ([Config.Keepsake] at most); if it
// comes back they go on as if nothing had been.
//
// # Locks
//
// Each call has one lock; whatever changes a call holds it: its messages, its recognisers' events, the
// broker's acknowledgements, timers. The locks of a partition and of the App only guard maps: they may be taken inside a
// call's, never around it.
package app
