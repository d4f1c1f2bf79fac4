// Package app decides what is known of a call and when: it folds a call's events, finds its end, asks a
// model what the call was about, checks the answer and publishes revisions. It knows no Kafka, no Redis and
// no product; what it needs of them it declares (ports.go).
//
// It reads in the order in which a call passes:
//
//	desk.go       one call at a time: fold what came, settle what is due
//	partition.go  the calls of a partition while it is ours, their timers
//	fold.go       an event changes what is known
//	words.go      segments become lines, nothing taken twice
//	due.go        when a call is over, and what is due when
//	tick.go       a timer has run out: held events, eviction, or settle
//	settle.go     stores the next revision, publishes it
//	revise.go     makes it: by rule, from the last answer, or by asking
//	rules.go      calls that no model looks at
//	redaction.go  what the model may see, and what it may not have written
//	prompt.go     the question; schema.go the answer's shape
//	ask.go        asks once, whoever else may be at it, and spares a model that is away
//	check.go      refuses what the transcript doesn't bear out; quote.go finds the words
//	answer.go     an answer becomes an insight, placeholders put back; names.go splits names
//	price.go      what it cost
//	ports.go      what all this needs of the world; settings.go, meters.go
//
// # The fold
//
// A call is one events.CallState. Folding an event gives the same facts in whatever order events come, since
// they come from two topics, from several ingress processes and, after a crash, again: each fact has a rule
// for which of two tellings counts (the later consent, the CallStarted over its stand-in), and the ids of
// what was folded are kept. Segments are many and have no id there: their offsets in calls.transcripts say
// that they were folded, and lead back to the words.
//
// The state is written to calls.state, and acknowledged, before the input that changed it completes. That is
// all the durability there is: nothing is claimed in Redis on the way in, and a crash folds the input again.
//
// # Order across topics
//
// Words, streams, consent, child legs and even the end of a call may be read before its CallStarted. They
// open a provisional fold, which is never settled: a call without its facts can't be told to anybody. It
// opens at CallStarted, or at a CallEnded with opened_by, and is then settled like any other. What stays
// provisional past the limit is counted and logged as unopened: the carrier's list of calls is the only place left
// that knows it. Parts that presuppose a call that we know (a recording, an agent's disposition) open
// nothing: they are held, incomplete, while a CallStarted may still be on its way, and after that grace are
// refused as "call_unknown".
//
// # Whose a call is
//
// A call belongs to the tenant and the account of the event that opened it; an id is only a name, and whoever knows it
// can send events by it. What comes under another tenant or account is refused as "foreign_tenant", before it is asked
// whether it was folded before: event ids don't tell owners apart. A provisional fold is of whoever sent its first
// event, until somebody opens the call; if that is another, what was folded before is forgotten. A carrier's call id is
// one account's own, so that of two who open a call the first has it.
//
// # The end
//
// A call is settled at the root leg's CallEnded once every stream that began has its TranscriptCompleted; at
// once if none began. Fifteen seconds after CallEnded it is settled all the same, as "transcript pending":
// no model is asked about half a conversation, since a lead made of it would stay. When the words are
// complete, or have not come within ten minutes, the next revision tells. A call whose end nobody
// tells is settled at the tenant's longest call. Deadlines stand in the state, so that a new owner of the
// partition keeps them.
//
// # Revisions
//
// A revision is stored in the state before it is published, and cleared there when the broker has it: a
// crash between the two publishes the same bytes under the same id again. What comes later makes the next
// revision; the model is asked again only about other words. If it can't be had, the revision says so at
// once, and the question alone is put again later.
package app
