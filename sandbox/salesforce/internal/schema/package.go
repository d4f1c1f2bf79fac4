package schema

import "slices"

// The fields that the shipped Salesforce package brings. Their names are the contract with the writer's mapping;
// lengths hold the longest value that the pipeline makes.
const (
	callIDLength   = 64  // Twilio's ids have 34 characters, Amazon Connect's 36
	roleIDLength   = 80  // a call id with ":review"
	revisionLength = 120 // call start, call id and revision
)

// addPackageFields puts the custom fields on the standard objects.
func addPackageFields(objects []*Object, o Options) {
	person := func() []*Field {
		return slices.Concat(call(o), []*Field{
			text("Caller_Key__c", "Caller Key", callIDLength).uniqueExtID(),
			text("Last_Call_Id__c", "Last Call Id", callIDLength).externalID(),
			text("Phone_E164__c", "Phone E.164", 20).externalID(),
			flag("Consent_Record__c", "Consent Record"),
		})
	}
	for _, obj := range objects {
		switch obj.Name {
		case "Lead":
			obj.custom(slices.Concat(person(), []*Field{cost(), text("Campaign__c", "Campaign", 80)}))
		case "Contact":
			obj.custom(person())
		case "Case":
			obj.custom(slices.Concat(call(o), disposition(o), []*Field{
				text("Call_Id__c", "Call Id", callIDLength).uniqueExtID(),
				area("Transcript__c", "Transcript", 131072), link("Recording_URL__c", "Recording URL"), cost(),
			}))
		case "Task":
			obj.custom(slices.Concat(disposition(o), []*Field{
				text("Call_Id__c", "Call Id", roleIDLength).uniqueExtID(),
				text("Call_Revision__c", "Call Revision", revisionLength),
				text("LOB__c", "Line of Business", 80), cost(), state(),
			}))
		case "ContentVersion":
			obj.custom([]*Field{
				text("Call_Id__c", "Call Id", roleIDLength).uniqueExtID(),
				number("PII_Redaction_Confidence__c", "PII Redaction Confidence", 5, 4),
				link("Recording_URL__c", "Recording URL"),
			})
		}
	}
}

// call is the snapshot of a call on a person or a case.
func call(o Options) []*Field {
	return []*Field{
		text("Call_Revision__c", "Call Revision", revisionLength),
		pick("Intent__c", "Intent", o.Intents...).restricted(),
		number("Intent_Confidence__c", "Intent Confidence", 5, 4),
		number("Duration__c", "Duration", 12, 3),
		clock("StartTime__c", "Start Time"), clock("EndTime__c", "End Time"),
		text("LOB__c", "Line of Business", 80), state(),
	}
}

func disposition(o Options) []*Field {
	return []*Field{
		pick("Disposition__c", "Disposition", o.Dispositions...).restricted(),
		pick("Disposition_Source__c", "Disposition Source", "Rule", "AI", "Agent").restricted(),
	}
}

func cost() *Field  { return number("Call_Cost__c", "Call Cost", 18, 6).currency() }
func state() *Field { return area("Frontdesk_State__c", "Frontdesk State", 32768) }

func (o *Object) custom(fields []*Field) {
	for _, f := range fields {
		f.Custom = true
	}
	o.Fields = append(o.Fields, fields...)
}

// events are the package's platform events. They have no picklists and no external ids.
func events() []*Object {
	return []*Object{
		event("e01", "Call_Completed__e", "Call Completed",
			text("Call_Id__c", "Call Id", callIDLength).required(),
			text("Call_Revision__c", "Call Revision", revisionLength),
			text("Tenant__c", "Tenant", 40), text("LOB__c", "Line of Business", 80),
			text("Intent__c", "Intent", 255), number("Intent_Confidence__c", "Intent Confidence", 5, 4),
			text("Disposition__c", "Disposition", 255), text("Disposition_Source__c", "Disposition Source", 40),
			area("Summary__c", "Summary", 32768), text("Next_Action__c", "Next Action", 255),
			number("Duration__c", "Duration", 12, 3),
			clock("StartTime__c", "Start Time"), clock("EndTime__c", "End Time"),
			flag("Consent_Record__c", "Consent Record"), text("Recording_URL__c", "Recording URL", 255),
			text("Event_Id__c", "Event Id", 64), area("Writes__c", "Writes", 131072),
		),
		event("e02", "Call_Written__e", "Call Written",
			text("Batch_Id__c", "Batch Id", 64).required(), number("Calls__c", "Calls", 6, 0),
			area("Results__c", "Results", 131072),
		),
	}
}

func event(prefix, name, label string, fields ...*Field) *Object {
	for _, f := range fields {
		f.Custom = true
	}
	system := []*Field{
		{Name: "ReplayId", Label: "Replay ID", Type: String, Length: 1000, ReadOnly: true},
		{Name: "EventUuid", Label: "Event UUID", Type: String, Length: 36, ReadOnly: true},
		stamp("CreatedDate", "Created Date"), by("CreatedById", "Created By ID", "CreatedBy"),
	}
	return &Object{Name: name, Label: label, Plural: label, Prefix: prefix, Fields: slices.Concat(system, fields), Event: true}
}
