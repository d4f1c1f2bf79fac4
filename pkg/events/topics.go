package events

import "time"

// MaxMessageBytes is a topic's largest message: an event and its headers.
const MaxMessageBytes = 1 << 20

// MaxDeadLetterBytes is the largest message of calls.dead-letters: any other topic's largest, and the headers
// that say why it is there.
const MaxDeadLetterBytes = MaxMessageBytes + 64<<10

// Topic is one Kafka topic of the contract.
type Topic struct {
	// Name on the broker.
	Name string
	// Owner names the services that write it; for most topics one alone (dead letters: whoever fails).
	Owner string
	// Reserved: nobody writes it yet. Its name and settings are settled for a part that comes later.
	Reserved bool
	// Key says what the message key is: "call id" or "tenant".
	Key string
	// Kinds that it holds; empty for topics of original bytes.
	Kinds []Kind
	// Retention after which a message is deleted; 0 means that only compaction deletes.
	Retention time.Duration
	// Compacted topics keep the last message of a key.
	Compacted bool
	// CompactionLag is the longest that an old message of a key survives in a compacted topic.
	CompactionLag time.Duration
	// Doc is one sentence for docs/events.md.
	Doc string
}

const day = 24 * time.Hour

// The topics. Every one has the same number of partitions and the same partitioner (murmur2), so that one
// call is in the same partition of each.
var (
	Lifecycle = Topic{
		Name: "calls.lifecycle", Owner: "ingress", Key: "call id", Retention: 7 * day,
		Kinds: []Kind{
			KindCallStarted, KindConsentRecorded, KindMediaStarted, KindMediaEnded, KindCallEnded,
			KindRecordingStarted, KindRecordingReady, KindDispositionSet,
		},
		Doc: "What happens to a call: opened, consent, streams, recordings, disposition, ended.",
	}
	Media = Topic{
		Name: "calls.media", Owner: "ingress", Key: "call id", Retention: day,
		Kinds: []Kind{KindMediaStarted, KindConsentRecorded, KindAudioChunk, KindMediaGap, KindMediaEnded},
		Doc:   "The sound of a call in chunks of about 200 ms a party, with everything that must stay in order with it.",
	}
	Transcripts = Topic{
		Name: "calls.transcripts", Owner: "stt", Key: "call id", Retention: 7 * day,
		Kinds: []Kind{KindTranscriptSegment, KindMediaGap, KindTranscriptCompleted},
		Doc:   "The words of a call, final segment by final segment, where audio was never heard, and how each stream ended.",
	}
	State = Topic{
		Name: "calls.state", Owner: "inference", Key: "call id", Retention: 30 * day, Compacted: true, CompactionLag: day,
		Kinds: []Kind{KindCallState},
		Doc:   "Inference's fold of an open or recent call; nobody else reads it.",
	}
	Insights = Topic{
		Name: "calls.insights", Owner: "inference", Key: "call id", Retention: 7 * day,
		Kinds: []Kind{KindCallInsight, KindInsightUnavailable},
		Doc:   "One message per revision of what is known of a call.",
	}
	Records = Topic{
		Name: "calls.records", Owner: "crm-writer", Key: "call id", Retention: 90 * day, Compacted: true, CompactionLag: day,
		Kinds: []Kind{KindCallRecord},
		Doc:   "The whole call as decided and how far it has come into the CRM; a tombstone forgets it.",
	}
	Usage = Topic{
		Name: "calls.usage", Owner: "stt, inference, crm-writer", Key: "tenant", Retention: 400 * day,
		Kinds: []Kind{KindUsageRecorded},
		Doc:   "Every request to a provider, with what it costs and who pays.",
	}
	CrmWrites = Topic{
		Name: "crm.writes", Owner: "crm-writer", Reserved: true, Key: "call id", Retention: 90 * day, Compacted: true, CompactionLag: day,
		Kinds: []Kind{KindBeforeImage},
		Doc:   "Records as they were before our write; read by undo only.",
	}
	AnalyticsRecords = Topic{
		Name: "analytics.records", Owner: "crm-writer", Reserved: true, Key: "call id", Retention: 7 * day,
		Doc: "Redacted JSON of calls.records for Kafka Connect.",
	}
	AnalyticsUsage = Topic{
		Name: "analytics.usage", Owner: "crm-writer", Reserved: true, Key: "call id", Retention: 7 * day,
		Doc: "JSON of calls.usage for Kafka Connect.",
	}
	DeadLetters = Topic{
		Name: "calls.dead-letters", Owner: "whoever fails", Key: "call id", Retention: 30 * day,
		Doc: "Original bytes that could not be handled, with the reason in headers; and marks without a value (`dl-mark`), of what somebody did with them.",
	}
)

// Topics is every topic but the retry topics, in the order of the pipeline.
func Topics() []Topic {
	return []Topic{
		Lifecycle, Media, Transcripts, State, Insights, Records, Usage, CrmWrites,
		AnalyticsRecords, AnalyticsUsage, DeadLetters,
	}
}

// Group is the consumer group of a service and the topics that it reads.
type Group struct {
	// Name of the group, and of the service.
	Name string
	// Topics read, without their retry topics.
	Topics []Topic
}

// Groups is every service that reads.
func Groups() []Group {
	return []Group{
		{Name: "stt", Topics: []Topic{Media}},
		{Name: "inference", Topics: []Topic{Lifecycle, Transcripts}},
		{Name: "crm-writer", Topics: []Topic{Insights}},
	}
}

// Lookup is what a service reads without a group, from one partition and by time or offset: what it, or somebody, has
// published before. No offset is committed and nothing is parked.
type Lookup struct {
	Service string
	Topic   Topic
	// Why, as half a sentence for docs/events.md.
	Why string
}

// Lookups is every such read.
func Lookups() []Lookup {
	return []Lookup{
		{"ingress", Lifecycle, "a call's past, when its stream must be started anew"},
		{"stt", Lifecycle, "streams and consent of the calls that are open, when a partition is taken up"},
		{"stt", Transcripts, "how far each stream was told, when a partition is taken up"},
		{"inference", State, "its own folds, when a partition is taken up"},
		{"inference", Transcripts, "the words of a call, by the offsets in its fold"},
		{"reconcile", Lifecycle, "which calls began and ended, beside the carrier's list"},
		{"reconcile", Insights, "what was decided of them last, and how to send it again"},
		{"reconcile", Records, "what was written of them"},
		{"reconcile", DeadLetters, "what was given up of them, and why"},
	}
}

// Retry is the topic that holds parked messages of t for group: same key and partition count, kept no
// longer than t.
func (t Topic) Retry(group string) Topic {
	return Topic{
		Name: t.Name + "." + group + ".retry", Owner: group, Key: t.Key, Kinds: t.Kinds, Retention: t.Retention,
		Doc: "Messages of " + t.Name + " that " + group + " has parked.",
	}
}

// Headers that every message carries beside its traceparent, so that a reader can route without decoding.
const (
	HeaderEventID = "event-id"
	HeaderKind    = "event-kind"
	HeaderTenant  = "tenant"
)

// HeaderOwnedSince stands on a message of calls.state: its owned_since, as milliseconds since 1970, so that whoever looks for the state
// that counts needn't decode all.
const HeaderOwnedSince = "owned-since"

// HeaderRepair stands on a message that is sent again on purpose, though its effect was had: what it holds becomes part of the
// discriminator of the effect's claim. One id a repair.
const HeaderRepair = "repair-id"
