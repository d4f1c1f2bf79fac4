package mapping

import (
	"fmt"
	"reflect"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Object is a variable of expressions.
type Object struct {
	// Name as expressions write it, e.g. "call".
	Name string
	// Doc is one sentence for docs/mapping.md.
	Doc    string
	Fields []Field
}

// Field is one field of an Object. What is not known is absent: text is "", everything else is null, and
// has(object.field) is false either way.
type Field struct {
	Name string
	Type *cel.Type
	Doc  string
	// get returns nil, or "" for text, where the value is absent.
	get func(*view) any
}

// The types of fields: whatever may be absent and is not text is nullable. Times are nullable in CEL by
// themselves.
var (
	text    = cel.StringType
	boolean = cel.BoolType
	maybe   = types.NewNullableType(cel.BoolType)
	number  = types.NewNullableType(cel.DoubleType)
	whole   = types.NewNullableType(cel.IntType)
	moment  = cel.TimestampType
)

// Objects is everything that expressions can see, in the order of the documentation.
func Objects() []Object {
	return []Object{
		callObject(), callerObject(), intentObject(), dispositionObject(), insightObject(), nextObject(),
		redactionObject(), transcriptObject(), numberObject(), tenantObject(),
	}
}

func callObject() Object {
	return Object{"call", "The call's facts.", []Field{
		{"id", text, "the call id", func(v *view) any { return v.call.ID }},
		{"event_id", text, "the insight's event id", func(v *view) any { return v.eventID }},
		{"revision", cel.IntType, "revision of what is known, from 1", func(v *view) any { return int64(v.revision) }},
		{"started", moment, "when it began", func(v *view) any { return v.started() }},
		{"ended", moment, "when it ended", func(v *view) any { return v.ended() }},
		{"duration", whole, "seconds by the carrier's count", func(v *view) any { return v.duration() }},
		{"to", text, "dialled number, E.164", func(v *view) any { return v.facts.GetTo() }},
		{"forwarded_from", text, "number that forwarded the call, E.164", func(v *view) any { return v.facts.GetForwardedFrom() }},
		{"status", text, "completed, busy, failed, no_answer or canceled", func(v *view) any { return enum(v.facts.GetStatus(), "CALL_STATUS_") }},
		{"handling", text, "dial, studio, voicemail or fallback", func(v *view) any { return enum(v.facts.GetHandling(), "HANDLING_") }},
		{"consent", text, "granted, refused, timed_out, withdrawn, not_asked or pending", func(v *view) any { return enum(v.facts.GetConsent(), "CONSENT_ANSWER_") }},
		{"consented", maybe, "true only if the caller said yes; absent while the question is open", func(v *view) any { return v.consented() }},
		{"language", text, "language of the line, BCP 47", func(v *view) any { return v.facts.GetLanguage() }},
		{"line_of_business", text, "line of business of the dialled number", func(v *view) any { return v.call.LineOfBusiness }},
		{"payer", text, "product or central", func(v *view) any { return v.facts.GetPayer() }},
		{"recorded", boolean, "whether there is a recording, or will be", func(v *view) any { return v.recorded() }},
		{"recording_url", text, "our stable link to the recording", func(v *view) any { return v.recordingURL() }},
		{"transcript_state", text, "none, complete, partial, pending or unheard", func(v *view) any { return enum(v.facts.GetTranscriptState(), "TRANSCRIPT_STATE_") }},
		{"cost", number, "what it has cost, in currency; absent while a price is unknown", func(v *view) any { return v.cost() }},
		{"currency", text, "ISO 4217", func(v *view) any { return v.costs.GetTotal().GetCurrency() }},
		{"agents", cel.IntType, "legs that somebody answered", func(v *view) any { return v.agents() }},
	}}
}

func callerObject() Object {
	return Object{"caller", "Who called.", []Field{
		{"phone", text, "E.164; absent when withheld, or a number that carriers send for a withheld one", func(v *view) any { return v.phone }},
		{"key", text, "phone, or the call id for a withheld number", func(v *view) any { return v.callerKey() }},
		{"withheld", text, "why there is no number", func(v *view) any { return v.facts.GetWithheld() }},
		{"named", boolean, "whether a name was spoken, with a confidence above the tenant's threshold", func(v *view) any { return v.name.sure }},
		{"name", text, "whole name as spoken, if named", func(v *view) any { return v.name.whole() }},
		{"first_name", text, "first name as spoken, if named", func(v *view) any { return v.name.first }},
		{"last_name", text, "last name as spoken, if named", func(v *view) any { return v.name.last }},
		{"name_confidence", number, "0 to 1", func(v *view) any { return v.name.confidence }},
		{"company", text, "company as spoken", func(v *view) any { return v.detail("company") }},
		{"email", text, "e-mail address as spoken, if it is one", func(v *view) any { return v.email() }},
		{"other_phone", text, "number that the caller gave, if it is not the one that he called from", func(v *view) any { return v.otherPhone() }},
	}}
}

func intentObject() Object {
	return Object{"intent", "What the caller wanted.", []Field{
		{"name", text, "from the tenant's catalogue", func(v *view) any { return v.intent }},
		{"kind", text, "sales, support or none", func(v *view) any { return v.intentKind() }},
		{"confidence", number, "0 to 1; absent without an insight", func(v *view) any { return v.intentConfidence }},
		{"next_action", text, "follow-up that the catalogue asks for", func(v *view) any { return v.catalogueNext() }},
	}}
}

func dispositionObject() Object {
	return Object{"disposition", "How the call ended.", []Field{
		{"name", text, "from the tenant's catalogue", func(v *view) any { return v.disposition }},
		{"source", text, "Rule, AI or Agent", func(v *view) any { return v.dispositionSource }},
		{"confidence", number, "0 to 1", func(v *view) any { return v.dispositionConfidence }},
	}}
}

func insightObject() Object {
	return Object{"insight", "What was found.", []Field{
		{"available", boolean, "false if there is no finding: reason tells why", func(v *view) any { return v.insight != nil }},
		{"reason", text, "why not", func(v *view) any { return v.unavailable.GetReason() }},
		{"by_rule", boolean, "made without a model", func(v *view) any { return v.provenance.GetProvider() == "rule" }},
		{"summary", text, "a few sentences, with placeholders; insight.for_people makes it readable", func(v *view) any { return v.insight.GetSummary() }},
		{"language", text, "language that the caller spoke, BCP 47", func(v *view) any { return v.insight.GetLanguage() }},
		{"provider", text, "who was asked", func(v *view) any { return v.provenance.GetProvider() }},
		{"model", text, "which model", func(v *view) any { return v.provenance.GetModel() }},
	}}
}

func nextObject() Object {
	return Object{"next", "What should happen next.", []Field{
		{"present", boolean, "whether anything should", func(v *view) any { return v.insight.GetNextAction() != nil }},
		{"subject", text, `e.g. "Follow-up call"`, func(v *view) any { return v.insight.GetNextAction().GetSubject() }},
		{"reason", text, "why, in a sentence", func(v *view) any { return v.insight.GetNextAction().GetReason() }},
		{"due_in_days", whole, "business days", func(v *view) any { return v.dueInDays() }},
	}}
}

func redactionObject() Object {
	return Object{"redaction", "What the redactor did.", []Field{
		{"present", boolean, "whether there was anything to redact", func(v *view) any { return v.redaction != nil }},
		{"confidence", number, "one less the estimated share missed", func(v *view) any { return v.redactionConfidence() }},
		{"review", boolean, "below the tenant's threshold: a person should look", func(v *view) any { return v.redaction.GetReview() }},
	}}
}

func transcriptObject() Object {
	return Object{"transcript", "The words.", []Field{
		{"present", boolean, "whether anybody spoke", func(v *view) any { return len(v.lines) > 0 }},
		{"redacted", text, "with placeholders, a line an utterance", func(v *view) any { return v.redacted() }},
		{"full", text, "in full, card numbers masked, a line an utterance: for the private file only", func(v *view) any { return v.full() }},
		{"hash", text, "of the full words, 16 hex digits", func(v *view) any { return v.hash() }},
	}}
}

func numberObject() Object {
	return Object{"number", "The dialled number in the tenant's file; absent fields if it stands there no more.", []Field{
		{"number", text, "E.164", func(v *view) any { return v.number().Number }},
		{"line_of_business", text, "line of business", func(v *view) any { return v.number().LineOfBusiness }},
		{"campaign", text, "campaign that it is printed on", func(v *view) any { return v.number().Campaign }},
		{"lead_source", text, "lead source", func(v *view) any { return v.number().LeadSource }},
		{"language", text, "BCP 47", func(v *view) any { return v.number().Language }},
	}}
}

func tenantObject() Object {
	return Object{"tenant", "The tenant's file.", []Field{
		{"id", text, "slug", func(v *view) any { return v.tenant.ID }},
		{"name", text, "company", func(v *view) any { return v.tenant.Name }},
		{"lead_company", text, "Company of a Lead whose caller named none", func(v *view) any { return v.tenant.Salesforce.LeadCompany }},
		{"lead_last_name", text, "LastName of a Lead whose caller named none", func(v *view) any { return v.tenant.Salesforce.LeadLastName }},
		{"min_name_confidence", cel.DoubleType, "threshold for names", func(v *view) any { return v.tenant.Salesforce.MinNameConfidence }},
		{"min_intent_confidence", cel.DoubleType, "threshold for tasks and owners", func(v *view) any { return v.tenant.Salesforce.MinIntentConfidence }},
		{"review_disposition", text, "disposition that asks for a person's look", func(v *view) any { return v.tenant.Catalogue.Rules.Unavailable.Disposition }},
		{"pattern", text, "direct, events, both or analytics", func(v *view) any { return string(v.tenant.Salesforce.Pattern) }},
	}}
}

// typePrefix keeps the objects' types apart from CEL's own.
const typePrefix = "frontdesk."

// objectType is an Object as CEL's type system sees it.
type objectType struct {
	of     Object
	typ    *types.Type
	fields map[string]*types.FieldType
	names  []string
	// at is its place among the objects of a scope.
	at int
}

func newObjectType(o Object) *objectType {
	t := &objectType{of: o, typ: cel.ObjectType(typePrefix + o.Name), fields: map[string]*types.FieldType{}}
	for _, f := range o.Fields {
		t.names = append(t.names, f.Name)
		t.fields[f.Name] = &types.FieldType{
			Type: f.Type,
			GetFrom: func(target any) (any, error) {
				v, ok := target.(*view)
				if !ok {
					return nil, fmt.Errorf("%s is no %s", reflect.TypeOf(target), o.Name)
				}
				return f.get(v), nil
			},
			IsSet: func(target any) bool {
				v, ok := target.(*view)
				if !ok {
					return false
				}
				x := f.get(v)
				return x != nil && x != ""
			},
		}
	}
	slices.Sort(t.names)
	return t
}

// provider adds the objects' types to CEL's own.
type provider struct {
	types.Provider
	objects map[string]*objectType
}

func (p provider) FindStructType(name string) (*types.Type, bool) {
	if o := p.objects[name]; o != nil {
		return types.NewTypeTypeWithParam(o.typ), true
	}
	return p.Provider.FindStructType(name)
}

func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if o := p.objects[name]; o != nil {
		return o.names, true
	}
	return p.Provider.FindStructFieldNames(name)
}

func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if o := p.objects[name]; o != nil {
		f, ok := o.fields[field]
		return f, ok
	}
	return p.Provider.FindStructFieldType(name, field)
}

// value is an object at run time: the one view of the event, under the object's type.
type value struct {
	typ  *types.Type
	view *view
}

// ConvertToNative is what CEL asks for when an object leaves it, which no expression can do.
func (v *value) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is no %s", v.typ.TypeName(), t)
}

// ConvertToType converts to its own type only.
func (v *value) ConvertToType(t ref.Type) ref.Val {
	if t.TypeName() == v.typ.TypeName() {
		return v
	}
	return types.NewErr("%s is no %s", v.typ.TypeName(), t.TypeName())
}

// Equal is identity: there is one of each.
func (v *value) Equal(other ref.Val) ref.Val {
	o, ok := other.(*value)
	return types.Bool(ok && o.typ == v.typ && o.view == v.view)
}

// Type is the object's.
func (v *value) Type() ref.Type { return v.typ }

// Value is what the field getters take.
func (v *value) Value() any { return v.view }
