package events_test

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

var (
	at   = time.Date(2026, 11, 16, 15, 4, 5, 678_000_000, time.UTC)
	call = events.Call{
		ID: "CA00000000000000000000000000000001", Leg: "CA00000000000000000000000000000001", Tenant: "acme",
		LineOfBusiness: "sales", Source: events.Source_SOURCE_TWILIO, Account: "AC00000000000000000000000000000001",
		CallerRef: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	}
)

func stamp() *timestamppb.Timestamp { return timestamppb.New(at) }

func facts() *events.CallFacts {
	return &events.CallFacts{
		StartedAt: stamp(), EndedAt: timestamppb.New(at.Add(42 * time.Second)), Duration: durationpb.New(42 * time.Second),
		From: "+14155550123", To: "+14155550100", Status: events.CallStatus_CALL_STATUS_COMPLETED,
		Handling: events.Handling_HANDLING_DIAL, Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, ConsentAt: stamp(),
		ConsentPromptVersion: "3", ConsentMethod: events.ConsentMethod_CONSENT_METHOD_KEYPAD,
		Legs:       []*events.Leg{{LegId: "CA2", To: "+14155550199", AnsweredAt: stamp(), Status: events.CallStatus_CALL_STATUS_COMPLETED}},
		Recordings: []*events.Recording{{RecordingId: "RE1", Status: "completed", Duration: durationpb.New(40 * time.Second), Channels: 2}},
		Payer:      "product", Language: "en-US", TranscriptState: events.TranscriptState_TRANSCRIPT_STATE_COMPLETE,
	}
}

func insight() *events.CallInsight {
	quote := []*events.Evidence{{Quote: "I would like a demo", Party: events.Party_PARTY_CALLER, OffsetMs: 1200}}
	return &events.CallInsight{
		Revision: 1, Facts: facts(), Intent: &events.Finding{Value: "BookDemo", Confidence: 0.93, Evidence: quote},
		Disposition:       &events.Finding{Value: "DemoBooked", Confidence: 0.88, Evidence: quote},
		DispositionSource: events.DispositionSource_DISPOSITION_SOURCE_AI,
		Summary:           "[NAME_1] asked for a demo.", NextAction: &events.NextAction{Subject: "Prepare the demo", DueInDays: 1, Reason: "asked"},
		Details: []*events.Detail{{Name: "last_name", Value: "Okonkwo", Redacted: "[NAME_1]", Confidence: 0.95, Evidence: quote}},
		Transcript: []*events.Line{{
			Party: events.Party_PARTY_CALLER, StartMs: 1200, EndMs: 3400, Redacted: "I would like a demo, [NAME_1]", Full: "I would like a demo, Okonkwo",
		}},
		Redaction: &events.Redaction{Confidence: 0.98, Counts: []*events.RedactionCount{{Type: "NAME", Count: 1}}, Version: "1"},
		Provenance: &events.Provenance{
			Provider: "vertex", Model: "gemini-2.5-flash", PromptVersion: "1", CatalogueVersion: "7", Requests: 1, TranscriptId: "ab12",
		},
		Cost:     &events.Cost{Total: &events.Money{Currency: "USD", Nanos: 812_000}, Unpriced: 1},
		Language: "en-US",
	}
}

func unavailable() *events.InsightUnavailable {
	return &events.InsightUnavailable{
		Revision: 1, Facts: facts(), Reason: "quota", Provenance: &events.Provenance{Provider: "vertex", Model: "gemini-2.5-flash"},
	}
}

// bodies is one of every kind, each valid: golden bytes, codec tests and docs are made of it.
func bodies() []proto.Message {
	return []proto.Message{
		&events.CallStarted{
			From: "+14155550123", To: "+14155550100", Direction: events.Direction_DIRECTION_INBOUND, StirVerstat: "TN-Validation-Passed-A",
			Handling: events.Handling_HANDLING_DIAL, Consent: events.ConsentAnswer_CONSENT_ANSWER_PENDING, MediaExpected: true,
			LongestCall: durationpb.New(4 * time.Hour), Payer: "product", Language: "en-US",
		},
		&events.ConsentRecorded{
			PromptVersion: "3", Language: "en-US", Method: events.ConsentMethod_CONSENT_METHOD_KEYPAD,
			Answer: events.ConsentAnswer_CONSENT_ANSWER_GRANTED, DecidedAt: stamp(),
		},
		&events.MediaStarted{
			StreamId: "MZ1", Parties: []events.Party{events.Party_PARTY_CALLER, events.Party_PARTY_AGENT},
			Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000, Consent: events.ConsentAnswer_CONSENT_ANSWER_GRANTED,
			OffsetMs: 5200, Language: "en-US",
		},
		&events.AudioChunk{
			StreamId: "MZ1", Party: events.Party_PARTY_CALLER, Chunk: 7, StartMs: 6600, Audio: []byte{0xff, 0x7f, 0x00},
			Encoding: events.Encoding_ENCODING_MULAW, SampleRate: 8000,
		},
		&events.MediaGap{
			StreamId: "MZ1", Party: events.Party_PARTY_AGENT, StartMs: 6600, EndMs: 6800, Reason: events.MediaGapReason_MEDIA_GAP_REASON_CARRIER,
		},
		&events.MediaEnded{
			StreamId: "MZ1", Reason: events.MediaEndReason_MEDIA_END_REASON_STOPPED, CallerChunks: 180, AgentChunks: 180, EndMs: 41200,
		},
		&events.CallEnded{
			Status: events.CallStatus_CALL_STATUS_COMPLETED, Duration: durationpb.New(42 * time.Second), EndedAt: stamp(), SequenceNumber: 3,
		},
		&events.RecordingStarted{RecordingId: "RE1", Channels: 2},
		&events.RecordingReady{
			RecordingId: "RE1", MediaUrl: "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1", Status: "completed",
			Duration: durationpb.New(40 * time.Second), Channels: 2, StartedAt: stamp(),
		},
		&events.DispositionSet{
			Disposition: "ResolvedByAgent", Source: events.DispositionSource_DISPOSITION_SOURCE_AGENT, Agent: "WK1", Token: "t1",
		},
		&events.TranscriptSegment{
			StreamId: "MZ1", Party: events.Party_PARTY_CALLER, StartMs: 6600, EndMs: 8400, Text: "I would like a demo",
			Words:      []*events.Word{{Text: "I", StartMs: 6600, EndMs: 6700, Confidence: 0.97}},
			Confidence: 0.94, Language: "en-US", Recogniser: "googlespeech", Model: "telephony", Run: "live",
		},
		&events.TranscriptCompleted{
			StreamId: "MZ1", Run: "live", Outcome: events.TranscriptOutcome_TRANSCRIPT_OUTCOME_PARTIAL, Reason: "audio missing",
			Gaps: []*events.MediaGap{{
				StreamId: "MZ1", StartMs: 6600, EndMs: 6800, Reason: events.MediaGapReason_MEDIA_GAP_REASON_CARRIER,
			}},
			Segments: 9, Heard: durationpb.New(36 * time.Second), Recogniser: "googlespeech", Model: "telephony",
		},
		insight(),
		unavailable(),
		&events.CallRecord{
			Revision: 1, CrmStatus: events.CrmStatus_CRM_STATUS_WRITTEN, Decision: &events.CallRecord_Insight{Insight: insight()},
			Records: []*events.CrmRecord{{
				Object: "Lead", Id: "00Q000000000001AAA", KeyField: "Caller_Key__c", Key: "+14155550123", Role: "caller", Created: true,
			}},
			Org: "acme", Pattern: "direct", MappingVersion: "1", At: stamp(),
		},
		&events.UsageRecorded{
			Provider: "vertex", Model: "gemini-2.5-flash", RequestId: "r1", Payer: "product", Outcome: "ok", At: stamp(),
			PriceVersion: "2026-11", Service: "inference",
			Quantities: []*events.Quantity{
				{
					Unit: "input_token", Amount: 812, Cost: &events.Money{Currency: "USD", Nanos: 243_600},
					Price: &events.Price{Amount: &events.Money{Currency: "USD", Nanos: 300_000_000}, Per: 1_000_000},
				},
				{Unit: "output_token", Amount: 96},
			},
		},
		&events.CallState{
			Facts: facts(), Streams: []*events.StreamState{{StreamId: "MZ1", Completed: true, Run: "live"}}, Folded: [][]byte{make([]byte, 16)},
			SegmentOffsets: []int64{17, 18}, Revision: 1, Ended: true, Opened: true, Answered: insight(),
		},
		&events.BeforeImage{
			Revision: 2, Record: &events.CrmRecord{Object: "Lead", Id: "00Q000000000001AAA", Role: "caller"},
			Fields: map[string]string{"LastName": `"Unknown caller"`}, Written: map[string]string{"LastName": `"Okonkwo"`},
		},
	}
}
