package calls_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/sandbox/calls"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
)

// lines of three tenants with each way of consent; the first two share an org.
func lines(t *testing.T) calls.Lines {
	t.Helper()
	crm, err := salesforce.NewExaminer(salesforce.Org{Name: "sample"})
	if err != nil {
		t.Fatal(err)
	}
	line := func(number, tenant, consent string) calls.Line {
		return calls.Line{
			Number: number, Tenant: tenant, Consent: consent, Grant: "1", CRM: crm, Languages: []string{"en-US", "en-GB"},
			Intents: salesforce.DefaultIntents(), Dispositions: salesforce.DefaultDispositions(),
			PersonOnly: []string{"ResolvedByAgent", "CallbackPromised"}, Ruled: []string{"HungUp", "NoSpeech", "ConsentRefused", "VoicemailLeft", "NeedsReview"},
			Objects: []string{"Lead", "Contact", "Case", "Task", "ContentVersion"},
		}
	}
	all := calls.Lines{
		line("+14155550100", "acme", calls.AskedByKeypad), line("+14155550102", "acme", calls.AskedByKeypad),
		line("+13125550100", "globex", calls.NotAsked), line("+12065550100", "initech", calls.ReportedByAgent),
	}
	all[1].Voicemail = true
	return all
}

const (
	acme    = "from: +14155550123\nto: +14155550100\n"
	mailbox = "from: +14155550123\nto: +14155550102\n"
	globex  = "from: +14155550123\nto: +13125550100\n"
	initech = "from: +14155550123\nto: +12065550100\n"
	speaks  = "script: [{track: caller, file: hello.ulaw, text: Hi}]\n"
	nobody  = "from: +14155550123\nto: +14155559999\n"
)

// What a call says of numbers, labels and records is held against the tenant that it dials.
func TestFaultsForLines(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"nobody's number", nobody + "expect: {intent: Wrong}\n", `
2:1: to: no tenant owns +14155559999: dial one of +14155550100 (acme), +14155550102 (acme), +13125550100 (globex) or +12065550100 (initech); or write expect: {recorded: false} for a call that must leave nothing`},
		{"nobody's number, as wanted", nobody + "hang_up: ringing\nexpect: {recorded: false}\n", ``},
		{"nobody's number with records", nobody + "crm: {object: Contact, fields: {LastName: Reed}}\nexpect: {recorded: false}\n", `
3:1: crm: no tenant owns +14155559999, so there is no CRM to hold records: leave it out`},
		{"somebody's number, unrecorded", acme + "expect: {recorded: false}\n", `
3:10: expect.recorded: acme owns +14155550100, and every call to it leaves a record: leave it out, or dial a number that nobody owns`},
		{"a wrong number hides no labels", "from: +14155550123\nto: 5550100\nkeypad: 1\nexpect: {intent: Wrong, disposition: X, records: {object: Leed}}\n", `
2:1: to: "5550100": want a number in E.164, as +14155550100`},
		{"labels", acme + "agent: {disposition: ResolvedByAgnt}\nexpect: {intent: BookDmo, disposition: Nothing}\n", `
3:9: agent.disposition: acme has no disposition "ResolvedByAgnt"; did you mean "ResolvedByAgent"?
4:10: expect.intent: acme has no intent "BookDmo"; did you mean "BookDemo"?
4:27: expect.disposition: acme has no disposition "Nothing"; it has: QualifiedLead, DemoBooked, SupportTicketOpened, Rescheduled, InformationGiven, VoicemailLeft, TransferredToAgent, WrongNumber, Spam, NoSpeech, HungUp, ConsentRefused, NeedsReview, ResolvedByAgent, CallbackPromised`},
		{"only a person", globex + "expect: {disposition: ResolvedByAgent}\n", `
3:10: expect.disposition: only a person sets ResolvedByAgent: write agent: {answers_after: 3s, disposition: ResolvedByAgent}`},
		{"a person", globex + "agent: {disposition: ResolvedByAgent}\nexpect: {disposition: ResolvedByAgent}\n", ``},
		{"nobody answers the voicemail", mailbox + "agent: {answers_after: 1s}\n", `
3:1: agent: +14155550102 goes to acme's voicemail, where nobody answers: leave it out`},

		{"keys that nobody takes", globex + "keypad: ['1']\nreport_consent: {at: 1s, answer: granted}\nhang_up: question\n", `
3:1: keypad: globex asks nobody for consent, so no key is ever taken: leave it out
4:1: report_consent: globex asks nobody for consent, so no answer is ever reported: leave it out
5:1: hang_up: globex asks nobody for consent, so nobody hangs up while asked: write "ringing", or dial another tenant`},
		{"keys where answers are reported", initech + "keypad: ['1']\n", `
3:1: keypad: initech lets the receptionist ask for consent and report the answer, so no key is ever taken: write report_consent: [{at: 7s, answer: granted}]`},
		{"reports where keys are taken", acme + "report_consent: {at: 1s, answer: granted}\n", `
3:1: report_consent: acme asks for consent and takes a key, so no answer is ever reported: write keypad: ["1"]`},
		{"two keys", acme + "keypad: ['11']\n", `
3:10: keypad[0]: "11": acme's question takes one key; write the key alone, as ["1"]`},
		{"nobody agrees", acme + "keypad: ['2']\nexpect: {intent: BookDemo, disposition: DemoBooked, consent: true}\n", `
4:28: expect.disposition: a call is DemoBooked only if it is heard, and here nobody consents: write keypad: ["1"]`},
		{"nobody reports", initech + "expect: {disposition: DemoBooked}\n", `
3:10: expect.disposition: a call is DemoBooked only if it is heard, and here nobody consents: write report_consent: [{at: 7s, answer: granted}]`},
		{"nobody agrees, as wanted", acme + "expect: {intent: Unknown, disposition: ConsentRefused, consent: false}\n", ``},
		{"nobody agrees, and all is expected to be recognised", acme + speaks, `
1:1: expect: nobody consents here, so nothing is recognised: write transcript: [], or write keypad: ["1"]`},
		{"nobody agrees, and that is known", acme + speaks + "expect: {consent: false}\n", ``},
		{"taken back, and all is expected to be recognised", initech + speaks + "report_consent: [{at: 1s, answer: granted}, {at: 2s, answer: withdrawn}]\n", `
1:1: expect: consent is taken back here, so not all of the script is recognised: list under transcript the lines that must be`},
		{"taken back, and that is known", initech + speaks + "report_consent: [{at: 1s, answer: granted}, {at: 2s, answer: withdrawn}]\nexpect: {transcript: Hi}\n", ``},
		{"a language that isn't heard", globex + "script: [{track: caller, file: hello.ulaw, text: Hola, language: es-US}, {track: caller, file: hello.ulaw, text: Hola, language: en-AU}]\n", `
3:56: script[0].language: es-US is not recognised on +13125550100, which hears en-US and en-GB: dial another number, or list under transcript the lines that must be recognised`},
		{"a language that isn't heard, as wanted", globex + "script: [{track: caller, file: hello.ulaw, text: Hola, language: es-US}]\nexpect: {transcript: []}\n", ``},
		{"nobody is asked", globex + "expect: {disposition: DemoBooked, consent: true}\n", `
3:35: expect.consent: globex asks nobody for consent, so none is ever recorded: write false`},

		{"records that are to stand", globex + `crm:
  - {object: Contct, fields: {LastName: Reed}}
  - {object: User, fields: {LastName: Reed}}
  - {object: Contact, fields: {FirstName: Ada, LastNam: Reed}}
  - {object: Contact, fields: {Nome: x}}
  - {object: Lead, fields: {LastName: Reed, Company: null}}
`, `
4:6: crm[0].object: there is no object "Contct" of which records can be made; did you mean "Contact"?
5:6: crm[1].object: there is no object "User" of which records can be made; known here: Account, Campaign, Case, Contact, ContentDocumentLink, ContentVersion, Lead, Task
6:48: crm[2].fields.LastNam: Contact has no such field; did you mean "LastName"?
7:5: crm[3]: a Contact needs LastName: give it
7:32: crm[3].fields.Nome: Contact has no such field; known here: AccountId, LastName, FirstName, Salutation, Phone, MobilePhone, HomePhone, OtherPhone, Email, Title, Department, MailingStreet, MailingCity, MailingState, MailingPostalCode, MailingCountry, Description, LeadSource, Birthdate, OwnerId, DoNotCall, Call_Revision__c, Intent__c, Intent_Confidence__c, Duration__c, StartTime__c, EndTime__c, LOB__c, Frontdesk_State__c, Caller_Key__c, Last_Call_Id__c, Phone_E164__c, Consent_Record__c
8:5: crm[4]: a Lead needs Company: give it`},
		{"values that are to stand", globex + `crm:
  - object: Lead
    fields: {LastName: Reed, Company: Tiles, Name: Ada Reed, Email: reed at example, Intent__c: BookDmo, Consent_Record__c: "yes",
      Duration__c: long, StartTime__c: today, City: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee, CreatedDate: null, Phone: 4155550123, Title: true}
  - object: Contact
    fields: {LastName: Reed, Birthdate: 1.2.1970, AccountId: "@0", OwnerId: 005000000000001, DoNotCall: null}
  - object: Case
    fields: {ContactId: "@7"}
`, `
5:46: crm[0].fields.Name: Salesforce makes it of FirstName and LastName: give those
5:62: crm[0].fields.Email: "reed at example" is no e-mail address, as rosa@example.com
5:86: crm[0].fields.Intent__c: "BookDmo" is none of its values; did you mean "BookDemo"?
5:106: crm[0].fields.Consent_Record__c: "yes": want true or false
6:7: crm[0].fields.Duration__c: "long": want a number of up to 9 digits before the point
6:26: crm[0].fields.StartTime__c: "today": want a time, as 2026-01-31T09:00:00Z
6:47: crm[0].fields.City: is 50 characters long, and City takes 40
6:105: crm[0].fields.CreatedDate: Salesforce sets it itself: leave it out
6:124: crm[0].fields.Phone: 4155550123: this field holds text; put it in quotes
6:143: crm[0].fields.Title: true: this field holds text; put it in quotes
8:30: crm[1].fields.Birthdate: "1.2.1970": want a date, as 2026-01-31
8:51: crm[1].fields.AccountId: "@0" is of Lead: want one of Account
8:68: crm[1].fields.OwnerId: 005000000000001: ids are made when the call is played; point to an earlier record of this list as "@0"
8:94: crm[1].fields.DoNotCall: is never empty: leave it out, or give a value
10:14: crm[2].fields.ContactId: "@7": want an earlier record of this list, counted from 0, as "@0"`},
		{"records that may stand", globex + `crm:
  - {object: Account, fields: {Name: Reed Tiles}}
  - {object: Contact, fields: {LastName: Reed, AccountId: "@0", Phone: +14155550123, Birthdate: 1970-02-01, Caller_Key__c: once}}
  - {object: Case, fields: {ContactId: "@1", Subject: Tiles, Priority: high}}
`, ``},
		{"records that clash", globex + `crm:
  - {object: Contact, fields: {LastName: Reed, Caller_Key__c: twice}}
  - {object: Contact, fields: {LastName: Reed, Caller_Key__c: Twice}}
`, `
5:5: crm[1]: Salesforce refuses this Contact: duplicate value found: Caller_Key__c duplicates value of another record`},

		{"expected records", globex + `expect:
  records:
    - {object: Leed, fields: {}}
    - {object: lead, fields: {}}
    - {object: Account, fields: {}}
    - {object: Wombat}
    - {object: Lead, fields: {Last_Name: x, firstname: x, Wombats__c: x}}
  absent: [Leed, Account, Case]
`, `
5:8: expect.records[0].object: there is no object "Leed"; did you mean "Lead"?
6:8: expect.records[1].object: there is no object "lead"; did you mean "Lead"?
7:8: expect.records[2].object: no call leaves records of Account; it leaves them of Lead, Contact, Case, Task and ContentVersion
8:8: expect.records[3].object: there is no object "Wombat"; a call leaves records of Lead, Contact, Case, Task and ContentVersion
9:31: expect.records[4].fields.Last_Name: Lead has no such field; did you mean "LastName"?
9:45: expect.records[4].fields.firstname: Lead has no such field; did you mean "FirstName"?
9:59: expect.records[4].fields.Wombats__c: Lead has no such field; known here: Id, LastName, FirstName, Salutation, Name, Title, Company, Street, City, State, PostalCode, Country, Phone, MobilePhone, Email, Website, Description, LeadSource, Status, Industry, Rating, OwnerId, IsConverted, ConvertedDate, ConvertedAccountId, ConvertedContactId, IsUnreadByOwner, LastActivityDate, DoNotCall, IsDeleted, CreatedDate, CreatedById, LastModifiedDate, LastModifiedById, SystemModstamp, Call_Revision__c, Intent__c, Intent_Confidence__c, Duration__c, StartTime__c, EndTime__c, LOB__c, Frontdesk_State__c, Caller_Key__c, Last_Call_Id__c, Phone_E164__c, Consent_Record__c, Call_Cost__c, Campaign__c
10:12: expect.absent[0]: there is no object "Leed"; did you mean "Lead"?
10:18: expect.absent[1]: no call leaves records of Account; it leaves them of Lead, Contact, Case, Task and ContentVersion`},
		{"expected values", globex + `expect:
  records:
    - object: Lead
      fields: {LastName: null, Consent_Record__c: maybe, Intent__c: bookdemo, LeadSource: Fax, Email: "reed@", Phone: 4155550123, City: " Rome",
        Duration__c: "12", Intent_Confidence__c: 0.123456, Call_Cost__c: much, StartTime__c: 2026-01-31T09:00:00Z, OwnerId: 005, DoNotCall: null,
        Salutation: null, Company: "*Tiles*", FirstName: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee, Street: true}
    - object: Task
      fields: {ActivityDate: tomorrow, CallDurationInSeconds: 1.5, Disposition__c: DemoBoked, Disposition_Source__c: Robot, Status: Completed, WhoId: "*"}
`, `
6:16: expect.records[0].fields.LastName: is never empty: leave it out, or say what it holds
6:32: expect.records[0].fields.Consent_Record__c: "maybe": want true or false
6:58: expect.records[0].fields.Intent__c: "bookdemo": Salesforce holds it as "BookDemo"
6:96: expect.records[0].fields.Email: "reed@" is no e-mail address, as rosa@example.com
6:112: expect.records[0].fields.Phone: 4155550123: this field holds text; put it in quotes
6:131: expect.records[0].fields.City: " Rome": Salesforce holds it as "Rome"
7:28: expect.records[0].fields.Intent_Confidence__c: 0.123456: Salesforce rounds it to 0.1235
7:60: expect.records[0].fields.Call_Cost__c: "much": want a number of up to 12 digits before the point
7:80: expect.records[0].fields.StartTime__c: "2026-01-31T09:00:00Z": Salesforce holds it as "2026-01-31T09:00:00.000+0000"
7:116: expect.records[0].fields.OwnerId: 005: ids are made when the call is played; write "*" for any
7:130: expect.records[0].fields.DoNotCall: is never empty: leave it out, or say what it holds
8:47: expect.records[0].fields.FirstName: is 50 characters long, and FirstName takes 40
8:110: expect.records[0].fields.Street: true: this field holds text; put it in quotes
10:16: expect.records[1].fields.ActivityDate: "tomorrow": want a date, as 2026-01-31
10:40: expect.records[1].fields.CallDurationInSeconds: 1.5: want a whole number of up to 9 digits
10:68: expect.records[1].fields.Disposition__c: "DemoBoked" is none of its values; did you mean "DemoBooked"?
10:95: expect.records[1].fields.Disposition_Source__c: "Robot" is none of its values; they are: Rule, AI, Agent`},
		{"every mistake at once", "from: +14155550123\nto: +13125550100\nkeypad: 1\nvoices: {caller: me}\nscript: [{track: caller, file: nowhere.mp3, text: Hi}]\n" +
			"crm: [{object: Contact, fields: {Lastname: x, Emial: y}}]\nexpect: {intent: Demo, records: [{object: Lead, fields: {Nam: x}}], hidden: [Reed], transcript: [Bye]}\n", `
3:1: keypad: globex asks nobody for consent, so no key is ever taken: leave it out
4:10: voices.caller: "me": want a synthesiser and its voice, as flite:slt or espeak-ng:en-us
5:26: script[0].file: nowhere.mp3 isn't there: record it; or name it .ulaw, give voices and have it spoken by the tool say
6:47: crm[0].fields.Emial: Contact has no such field; did you mean "Email"?
7:10: expect.intent: globex has no intent "Demo"; did you mean "BookDemo"?
7:58: expect.records[0].fields.Nam: Lead has no such field; did you mean "Name"?
7:78: expect.hidden[0]: "Reed" is no card number, security code or expiry date, and only these vanish everywhere: move it to hidden_from_model
7:98: expect.transcript[0]: "Bye" is not in the script, so nobody says it`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := faultsOf(t, map[string]string{"x": tt.yaml}, lines(t))
			if got = strings.ReplaceAll(got, "x/call.yaml:", ""); got != strings.TrimPrefix(tt.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// A bad record is told with its own call, and the others' records are taken; but two calls can't hold the same unique value.
func TestRecordsOfSeveralCalls(t *testing.T) {
	record := func(key string) string {
		return globex + "hang_up: ringing\ncrm: {object: Contact, fields: {LastName: Reed, Caller_Key__c: " + key + "}}\n"
	}
	got := faultsOf(t, map[string]string{"a": record("one"), "b": globex + "hang_up: ringing\ncrm: {object: Contact, fields: {}}\n", "c": record("two"), "d": record("ONE")}, lines(t))
	want := "b/call.yaml:4:6: crm[0]: has no fields\n" +
		"d/call.yaml:4:6: crm[0]: Salesforce refuses this Contact: duplicate value found: Caller_Key__c duplicates value of another record"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A part of a recording that says something of its own can't be told from the whole.
func TestFaultsOfCuts(t *testing.T) {
	one, two := tone(900), tone(700)
	dir := folder(t, map[string]string{
		"x/call.yaml": says + `  - {track: agent, file: part.ulaw, text: My name is Rosa.}
  - {track: agent, file: whole.ulaw, text: "Hello, my name is Rosa."}
  - {track: agent, file: same.ulaw, text: "Hello, my name is Rosa!"}
  - {track: agent, file: other.ulaw, text: My name is Rosa Lind.}
`,
		"x/part.ulaw": string(two), "x/whole.ulaw": string(one) + string(two), "x/same.ulaw": string(one) + string(two)[:4000], "x/other.ulaw": string(tone(800)),
	})
	_, err := calls.Load(dir)
	want := `x/call.yaml:4:20: script[0].file: part.ulaw is cut from the sound at x/call.yaml:5:20 ("Hello, my name is Rosa."): ` +
		`the recogniser can't tell a part from the whole, so record it by itself`
	if err == nil || strings.ReplaceAll(err.Error(), dir+"/", "") != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// Calls that share sound must agree on its words, and name each other rightly.
func TestFaultsBetweenCalls(t *testing.T) {
	says := func(after, text string) string {
		return dials + "after: " + after + "\nscript: [{track: caller, file: ../x/hello.ulaw, text: " + text + "}]\n"
	}
	got := faultsOf(t, map[string]string{
		"a": says("b", "Hi"), "b": says("c", "hi!"), "c": says("a", "Bye"), "d": says("e1", "Hi"), "e": says("e", "Hi"), "f": says("nobody", "Hi"),
	}, nil)
	want := []string{
		`a/call.yaml:3:1: after: the calls wait for each other: a -> b -> c -> a; leave one of them out`,
		`c/call.yaml:4:26: script[0].file: ../x/hello.ulaw is the same sound as at a/call.yaml:4:26, which says other words ("Hi"): the same sound must always mean the same words`,
		`d/call.yaml:3:1: after: there is no call "e1"; did you mean "e"?`,
		`e/call.yaml:3:1: after: the calls wait for each other: e -> e; leave one of them out`,
		`f/call.yaml:3:1: after: there is no call "nobody"; name the folder of another call here`,
	}
	if lines := strings.Split(got, "\n"); !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
