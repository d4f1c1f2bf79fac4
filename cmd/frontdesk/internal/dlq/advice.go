package dlq

import "strings"

// advice is what to do about a code, or about every code that begins with what stands before a star; the first that fits counts.
var advice = []struct{ code, do string }{
	{"undecodable", "These bytes are no event of the contract: find who writes to the topic, since no service of Frontdesk publishes them. " +
		"Sending them back helps only after an upgrade that reads them; else drop them."},
	{"wrong_key", "The message's key is not its call's id: somebody publishes with another key. Have it mended at the source, and drop this."},
	{"sealed", "The event is sealed and the service has no keys. Redrive once a version that has them runs."},
	{"event.sealed", "The event is sealed and the service has no keys. Redrive once a version that has them runs."},
	{"event.unexpected", "An event of this kind does not belong in this topic: find who published it, and drop it."},
	{"tenant_unknown", "No tenant file has this tenant: add it to the service's tenants, restart the service, redrive."},
	{"tenant.unknown", "No tenant file has this tenant: add it to the service's tenants, restart the service, redrive."},
	{"foreign_tenant", "Somebody sent events by the id of another tenant's call, or the number changed hands in the call. Look who; then drop it."},
	{"disposition_unknown", "The tenant's catalogue has no such disposition: add it, restart inference, redrive."},
	{"call_unknown", "A part of a call that calls.state doesn't know: older than its 30 days, or of a number that isn't ours. Redrive if the call's " +
		"CallStarted was itself redriven since; else drop it."},
	{"segment_parked", "A segment came back without its place in calls.transcripts. While that topic keeps it (7 days) redrive the first dead letter " +
		"of it; else its words are lost, and it can be dropped."},
	{"too_large", "What was made of the call is larger than a message may be. Redriving changes nothing until the cause is gone; look at the call by hand."},
	{"unencodable", "The service made an event that it may not publish, which is a bug: report it with the event's kind, and redrive after the upgrade."},
	{"event.invalid", "The service made an event that it may not publish, which is a bug: report it with the event's kind, and redrive after the upgrade."},
	{"provider_unknown", "The tenant's file names a provider that this version doesn't know: mend the file, restart the service, redrive."},
	{"encoding_unsupported", "The tenant's recogniser takes no such audio: choose another in the tenant's file, restart stt, redrive."},
	{"log_unreadable", "stt could not read back its own topics: see that Kafka is well (frontdesk check --only kafka), redrive."},
	{"claim.busy", "Another process held the claim of this event for too long. See that nothing hangs; redrive."},
	{"panic", "The service has a bug that this message brings out: its log has the stack. Redrive after the upgrade."},
	{"mapping.evaluation", "An expression of the tenant's mapping fails on this call; the field names it. Mend the mapping, restart crm-writer, redrive."},
	{"mapping.*", "The tenant's mapping makes what can't be sent. Mend it, restart crm-writer, redrive."},
	{"salesforce.STRING_TOO_LONG", "The value is longer than the field: shorten it in the mapping, or lengthen the field in the org; redrive."},
	{"salesforce.INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "The org's picklist lacks the value: add it there, or change the tenant's catalogue; redrive."},
	{"salesforce.REQUIRED_FIELD_MISSING", "The org requires a field that the mapping leaves out: give it a value in the mapping, or require it no more; redrive."},
	{"salesforce.FIELD_CUSTOM_VALIDATION_EXCEPTION", "A validation rule of the org refuses the record: exempt the integration user, or mend the mapping; redrive."},
	{"salesforce.FIELD_INTEGRITY_EXCEPTION", "The org refuses a value or a reference: see which field, mend the mapping or the record that it points to; redrive."},
	{"salesforce.INVALID_FIELD", "The org has no such field, or the integration user may not see it: frontdesk check --only salesforce names it. " +
		"Install the package, give the permission set, or take it out of the mapping and restart crm-writer; redrive."},
	{"salesforce.INVALID_TYPE", "The org has no such object, or the integration user may not see it: frontdesk check --only salesforce names it. " +
		"Install the package, give the permission set, or take it out of the mapping and restart crm-writer; redrive."},
	{"salesforce.INSUFFICIENT_ACCESS*", "The integration user lacks a right on the record: frontdesk check --only salesforce says which. Grant it; redrive."},
	{"salesforce.DUPLICATES_DETECTED", "A duplicate rule of the org blocks the record: let the integration user save in spite of it; redrive."},
	{"salesforce.CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "A trigger or flow of the org fails on the record: have it mended; redrive."},
	{"salesforce.INVALID_SESSION_ID", "The org refuses the sign-in: frontdesk check --only salesforce says why. Mend it; redrive."},
	{"salesforce.invalid_*", "The org refuses the sign-in: frontdesk check --only salesforce says why. Mend it; redrive."},
	{"salesforce.REQUEST_LIMIT_EXCEEDED", "The org's allowance was spent for longer than a message waits. See who spends it; redrive slowly (--rate)."},
	{"salesforce.UNABLE_TO_LOCK_ROW", "The record was locked for longer than a message waits: see which job holds it; redrive."},
	{"salesforce.*", "Salesforce refused it by this code; docs/mapping.md says what comes of refusals. Mend the org or the mapping; redrive."},
}

// Advice is what to do next about a cause, in words for an operator.
func Advice(c Cause) string {
	for _, a := range advice {
		start, many := strings.CutSuffix(a.code, "*")
		// What many codes have in common speaks of refusals; what was tried until its time ran out was none.
		if a.code == c.Code || many && c.Class != "retryable" && strings.HasPrefix(c.Code, start) {
			return a.do
		}
	}
	if c.Class == "retryable" {
		return "It was tried until its time ran out. See that what it depends on answers again (frontdesk check), then redrive."
	}
	return "It can't succeed as things are. Find the cause by code and field, mend it, then redrive; or drop it."
}
