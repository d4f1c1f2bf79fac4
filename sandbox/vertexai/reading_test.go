//nolint:misspell // much of it is Spanish
package vertexai

import (
	"strings"
	"testing"
)

// TestForeignCatalogue labels by what names and descriptions mean, where the names are not ours.
func TestForeignCatalogue(t *testing.T) {
	catalogue := `- ViewingWanted: Would like to visit or view a property
- RentQuestion: Asks about rent, deposit or other costs
- DefectReport: Reports a defect in the flat: heating, water, lift
- AppointmentChange: Wants another time for an appointment
- KeyLoss: Has lost the keys or is locked out
- Other: Anything else
- ViewingArranged: A time for a viewing was agreed
- RepairOrdered: A repair was ordered or a craftsman promised
- Answered: The question was answered
- Open: A person has to look into it
`
	intents := []string{"ViewingWanted", "RentQuestion", "DefectReport", "AppointmentChange", "KeyLoss", "Other"}
	dispositions := []string{"ViewingArranged", "RepairOrdered", "Answered", "Open"}
	r := newReader()
	for _, c := range []struct{ lines, intent string }{
		{"A: Hello.|C: The heating in my flat isn't working since yesterday.|A: I'm sending a craftsman, the repair is ordered.", "DefectReport"},
		{"A: Hello.|C: How much is the deposit for the two-room flat?|A: It is 1200 euros.", "RentQuestion"},
		{"A: Hello.|C: I would like to book a viewing of the flat on Elm Street.|A: You're booked for Monday.", "ViewingWanted"},
		{"A: Hello.|C: I can't come on Monday, can we move the viewing to Tuesday?|A: I've moved it.", "AppointmentChange"},
		{"A: Hello.|C: I have lost my keys and stand before my door.|A: Somebody will come.", "KeyLoss"},
	} {
		w := wording{lines: c.lines}
		if f := r.understand(read(w.prompt(catalogue)), intents, dispositions); f.intent.name != c.intent {
			t.Errorf("%s (%.2f), meant %s: %s", f.intent.name, f.certain, c.intent, c.lines)
		}
	}
}

// TestDetails picks out what the caller told, as it stands or as a placeholder.
func TestDetails(t *testing.T) {
	r := newReader()
	for _, c := range []struct{ name, lines, want string }{
		{"name and company", "C: Hi, this is [NAME_1] from Blue Harbor Logistics and I'd like a demo.", "name=[NAME_1] company=Blue Harbor Logistics"},
		{"company with a joint", "C: I'm calling from Smith and Sons, I'd like a demo.", "company=Smith and Sons"},
		{"a city is no company", "C: I'm calling from Chicago, I'd like a demo.", ""},
		{"a day is no company", "C: I'm calling from Monday on, I'd like a demo.", "preferred_time=Monday"},
		{"my company is", "C: I want a demo. My company is called Lind Hardware.", "company=Lind Hardware"},
		{"name asked for", "A: May I have your name?|C: Sure, [NAME_1]. I want a demo.", "name=[NAME_1]"},
		{"agent's name is not the caller's", "A: You're speaking with [NAME_1].|C: I want a demo.", ""},
		{"not me", "C: I'm not [NAME_1]. I want a demo.", ""},
		{"first and last", "C: My first name is [NAME_1] and my last name is [NAME_2]. I want a demo.", "first_name=[NAME_1] last_name=[NAME_2]"},
		{"in Spanish", "C: Hola, me llamo [NAME_1], llamo de Muebles del Sur y quiero una demo.", "name=[NAME_1] company=Muebles del Sur"},
		{"with a company", "C: [NAME_1] speaking, I'm with Umber and Sons. I want a demo.", "name=[NAME_1] company=Umber and Sons"},
		{"at a company", "C: This is [NAME_1], I run the warehouse at Quillfeather Logistics. I want a demo.", "name=[NAME_1] company=Quillfeather Logistics"},
		{"name from a company", "C: Hey there, [NAME_1] from Blue Heron Dental. I want a demo.", "name=[NAME_1] company=Blue Heron Dental"},
		{"name of a company", "C: This is [NAME_1] of Marlow and [NAME_2], I want a demo.", "name=[NAME_1] company=Marlow and [NAME_2]"},
		{"on behalf of", "C: I'm calling on behalf of Tidewater Clinics, we want a demo.", "company=Tidewater Clinics"},
		{"over at", "C: Hi, [NAME_1] over at Copper Kettle Bakery, I want a demo.", "name=[NAME_1] company=Copper Kettle Bakery"},
		{"here at", "C: Here at Copper Kettle Bakery we want a demo.", "company=Copper Kettle Bakery"},
		{"we are", "C: We're Copper Kettle, a small bakery in Ohio, and we want a demo.", "company=Copper Kettle"},
		{"we are a name", "C: We're [NAME_1], a small bakery in Ohio, and we want a demo.", "company=[NAME_1]"},
		{"for a company", "C: I'm the office manager for Brightwater Dental and want a demo.", "company=Brightwater Dental"},
		{"our company", "C: Our company, Juniper Freight, wants a demo.", "company=Juniper Freight"},
		{"called so", "C: We're a small bakery called Copper Kettle and want a demo.", "company=Copper Kettle"},
		{"a shop in Spanish", "C: Hola, me llamo [NAME_1], de la ferretería El Tornillo. Quiero una demo.", "name=[NAME_1] company=El Tornillo"},
		{"what is sought is no company", "C: I'm looking for a demo at Monday's meeting. I am at the airport.", ""},
		{"me again", "C: Hi, me again, [NAME_1]. I want a demo.", "name=[NAME_1]"},
		{"who is calling", "A: Globex, who's calling please?|C: [NAME_1]. I want a demo.", "name=[NAME_1]"},
		{"is the name", "C: I want a demo. [NAME_1] is the name.", "name=[NAME_1]"},
		{"the agent's name", "A: Acme, [NAME_1] here.|C: Hi, [NAME_1], I want a demo.", ""},
		{"thanks", "C: I want a demo.|A: Sure.|C: Thanks, [NAME_1].", ""},
		{"somebody asked for", "C: I want a demo, could I speak to [NAME_1], please?", ""},
		{"company asked for", "A: What company is that?|C: Pine Street Garage. I want a demo.", "company=Pine Street Garage"},
		{"e-mail and phone", "C: I want a demo, my mail is [EMAIL_1] and my number [PHONE_1].", "email=[EMAIL_1] phone=[PHONE_1]"},
		{"what the agent says is not his", "A: Our mail is [EMAIL_1].|C: I want a demo.", ""},
		{"letters and digits", "C: It's broken, the order number is A C 2 0 8 1 7.", "order_number=AC20817"},
		{"written together", "C: It's broken, order AC-20817.", "order_number=AC20817"},
		{"in words", "C: It's broken. Order number four four double seven.", "order_number=4477"},
		{"asked for", "A: What's your order number?|C: Let me see, 88213.", "order_number=88213"},
		{"in Spanish words", "C: Llegó roto, el número de pedido es ocho uno cero nueve.", "order_number=8109"},
		{"a year is no order", "C: It's broken. I ordered it in May.", ""},
		{"name in an answer", "A: And who am I speaking to?|C: [NAME_1] [NAME_2]. I want a demo.", "name=[NAME_1] [NAME_2]"},
		{"a code is no name", "A: Can I have your first name and order number?|C: It's broken. KX 77023.", "order_number=KX77023"},
		{"a code is no first name", "C: It's broken. First name, sorry, order number is QZ 9 0 0 7 1.", "order_number=QZ90071"},
		{"a code follows first name", "A: Who am I speaking to?|C: First name KX 77023, it's broken.", ""},
		{"a telephone is no order", "C: It's broken. My number is area code four one five two two.", ""},
		{"a number is no order", "C: It's broken. My number is 4 1 5 2 2.", ""},
		{"a hidden telephone", "C: It's broken. My number is area code [PHONE_1].", "phone=[PHONE_1]"},
		{"order before number", "C: My order is broken, the number is 5 5 2 2.", "order_number=5522"},
		{"time", "C: I want a demo next Tuesday at 3 p.m. if possible.", "preferred_time=next Tuesday at 3 p.m."},
		{"time in Spanish", "C: Quiero una demo el jueves por la tarde.", "preferred_time=el jueves por la tarde"},
		{"moved to", "C: Can we move my appointment from Thursday to next Monday?", "preferred_time=next Monday"},
	} {
		w := wording{lines: c.lines}
		f := r.understand(read(w.prompt("")), []string{"BookDemo", "SupportRequest", "Reschedule"}, []string{"Done"})
		var got []string
		for _, d := range f.details {
			got = append(got, d.name+"="+d.value)
			quote, who := f.quote(d.at)
			if said := strings.Join(strings.Fields(strings.NewReplacer("A: ", "", "C: ", "", "|", " ").Replace(c.lines)), " "); !strings.Contains(said, quote) || who != "caller" {
				t.Errorf("%s: quote %q by %s was not said", c.name, quote, who)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.name, strings.Join(got, " "), c.want)
		}
	}
}

// TestAgreedTime: what the agent booked or moved to counts, not what the caller named first.
func TestAgreedTime(t *testing.T) {
	catalogue, intents, dispositions := catalogueOf(t)
	r := newReader()
	for lines, want := range map[string]string{
		"C: I'd like a demo next week.|A: I've put you down for Wednesday at 2 p.m. You'll get an invite today.": "Wednesday at 2 p.m.",
		"C: Can we move my appointment to the week after?|A: I've moved you to the 14th at 9.":                   "14th at 9",
		"C: I'd like a demo.|A: I have scheduled your demo for June 9th at 8.30.":                                "June 9th at 8.30",
		"C: I was hoping somebody could walk me through it.|A: Great, you're all set for Thursday at 10 a.m.":    "Thursday at 10 a.m.",
		"C: I need to move my appointment.|A: I've moved it from Monday at nine to Tuesday the tenth at nine.":   "Tuesday the tenth at nine",
	} {
		w := wording{lines: lines}
		f := r.understand(read(w.prompt(catalogue)), intents, dispositions)
		if f.action == nil || !strings.Contains(f.summary, "("+want+")") || !strings.Contains(f.action.reason, strings.TrimRight(want, ".")) {
			t.Errorf("%q, %+v; want %q: %s", f.summary, f.action, want, lines)
		}
	}
}

// TestSummaries: a summary names the matter, in the caller's words and without what leads to them.
func TestSummaries(t *testing.T) {
	catalogue, intents, dispositions := catalogueOf(t)
	r := newReader()
	for lines, want := range map[string]string{
		"C: Hi, um, my name is [NAME_1] and my dishwasher leaks.|A: What's the order number?|C: It's KX 77023.|A: I've opened a ticket.": `[NAME_1] reported a problem (order KX77023): "My dishwasher leaks". The problem was taken down for support.`,
		"C: Good day. [NAME_1] speaking, I'm with Umber and Sons. How pricey is the enterprise edition?|A: It's 90 dollars.":             `[NAME_1] from Umber and Sons asked about prices: "How pricey is the enterprise edition?" The question was answered.`,
		"C: There are two identical charges from you.|A: I've opened a ticket.":                                                          `The caller reported a problem: "There are two identical charges from you". The problem was taken down for support.`,
		"C: Hola, la lavadora no prende.|A: Le abrí un caso.":                                                                            `The caller reported a problem: "La lavadora no prende". The problem was taken down for support.`,
		"C: Sorry, wrong number.": "The caller had dialled the wrong number.",
		"C: My printer is broken" + strings.Repeat(" and it makes a noise", 10) + ".|A: I've opened a ticket.": `The caller reported a problem: "My printer is broken` + strings.Repeat(" and it makes a noise", 3) + `". The problem was taken down for support.`,
	} {
		w := wording{lines: lines}
		if f := r.understand(read(w.prompt(catalogue)), intents, dispositions); f.summary != want {
			t.Errorf("got  %s\nwant %s", f.summary, want)
		}
	}
}

// TestNegation: what is denied doesn't count.
func TestNegation(t *testing.T) {
	catalogue, intents, dispositions := catalogueOf(t)
	r := newReader()
	for lines, want := range map[string]string{
		"C: I don't want a demo, I want to know what the basic plan costs.":        "PricingQuestion",
		"C: I'm not calling about the price. My printer is broken.":                "SupportRequest",
		"C: No, I don't need support, I'd like to book a demo.":                    "BookDemo",
		"C: No quiero una demo, quiero saber cuánto cuesta.":                       "PricingQuestion",
		"C: No, quiero una demo.":                                                  "BookDemo",
		"C: There's no problem with my order, I only want to move my appointment.": "Reschedule",
	} {
		w := wording{lines: lines}
		if f := r.understand(read(w.prompt(catalogue)), intents, dispositions); f.intent.name != want {
			t.Errorf("%s, meant %s: %s", f.intent.name, want, lines)
		}
	}
}

// TestPatterns is the notation of the lexicon.
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		ok            bool
	}{
		{"book|schedule * demo", "book me a nice demo", true},
		{"book|schedule * demo", "book one two three four five demo", false},
		{"book * demo", "book it. Then a demo", false}, // a gap ends with the clause
		{"reschedul~", "Rescheduling", true},
		{"the? demo", "demo", true},
		{"my name is #name", "my name's [NAME_3].", true},
		{"can not", "I can't", true},
		{"demostracion", "Demostración", true},
	} {
		ws := newUtterance(true, c.text).words
		found := false
		for i := range ws {
			if _, ok := compile(c.pattern).match(ws, i); ok {
				found = true
			}
		}
		if found != c.ok {
			t.Errorf("%q in %q: %t", c.pattern, c.text, found)
		}
	}
}

// TestMoreDetails: what stands beside a name makes it a company's or a person's, and the last correction counts.
func TestMoreDetails(t *testing.T) {
	r := newReader()
	for _, c := range []struct{ name, lines, want string }{
		{"beside the name", "C: Morning. [NAME_1], Valley Coaches. I want a demo.", "name=[NAME_1] company=Valley Coaches"},
		{"after here", "C: [NAME_1] here, Sunrise Pharmacy. I want a demo.", "name=[NAME_1] company=Sunrise Pharmacy"},
		{"company first", "C: I'm calling from Little Lambs Nursery, [NAME_1]. I want a demo.", "name=[NAME_1] company=Little Lambs Nursery"},
		{"company here", "C: Hi, Valley Coaches here. I want a demo.", "company=Valley Coaches"},
		{"beside the trade", "C: I have a little bakery, Morning Star Bakery. I want a demo.", "company=Morning Star Bakery"},
		{"with its kind", "C: Hola, soy [NAME_1], de Clínica Los Olmos. Quiero una demo.", "name=[NAME_1] company=Clínica Los Olmos"},
		{"with its kind and article", "C: Hola, habla [NAME_1], del Hotel Las Palmas. Quiero una demo.", "name=[NAME_1] company=Hotel Las Palmas"},
		{"two parts", "C: I'm with Roux & Fils, I want a demo.", "company=Roux & Fils"},
		{"a hidden firm", "C: [NAME_1], [NAME_2], we're customers. I want a demo.", "name=[NAME_1] company=[NAME_2]"},
		{"a hidden owner", "C: [NAME_1], [NAME_2] Pianos. I want a demo.", "name=[NAME_1] company=[NAME_2] Pianos"},
		{"the agent's company", "A: You've reached Acme Software.|C: Is this from Acme Software? I want a demo.", ""},
		{"a spouse", "C: My husband [NAME_1] asked me to ring. [NAME_2]. I want a demo.", "name=[NAME_2]"},
		{"the agent and the caller", "A: Acme, [NAME_1] speaking.|C: Hi [NAME_1], [NAME_2]. I want a demo.", "name=[NAME_2]"},
		{"called by the agent", "C: I want a demo for my team at the office, by [NAME_1].|A: Of course, Mr. [NAME_1].|C: [NAME_1]!", "name=[NAME_1]"},
		{"a name left standing", "A: Who's calling?|C: Rosa Lind, Lind Hardware. I want a demo.", "name=Rosa Lind company=Lind Hardware"},
		{"an e-mail taken back", "C: I want a demo. [EMAIL_1]. No, sorry, that's the old one. It's [EMAIL_2].", "email=[EMAIL_2]"},
		{"two e-mails", "C: I want a demo. [EMAIL_1], and my assistant's is [EMAIL_2].", "email=[EMAIL_1]"},
		{"a number taken back", "C: It's broken. The order number is A 7230. No wait, A 7320.", "order_number=A7320"},
		{"twice, its letter once", "A: Order number?|C: It's broken. It's B 7302. No wait, 7320, sorry, B 7320.", "order_number=B7320"},
		{"digits alone", "C: It's broken, order B 7302. Sorry, 7320.", "order_number=B7320"},
		{"spelt", "A: What's the order number?|C: C for Charlie, 1290. It's broken.", "order_number=C1290"},
		{"in pairs", "C: It's broken, order number forty-four seventy-one.", "order_number=4471"},
		{"another hour", "C: I want a demo on Tuesday. Mornings are best.", "preferred_time=Tuesday, mornings"},
	} {
		w := wording{lines: c.lines}
		f := r.understand(read(w.prompt("")), []string{"BookDemo", "SupportRequest", "Reschedule"}, []string{"Done"})
		var got []string
		for _, d := range f.details {
			got = append(got, d.name+"="+d.value)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q, want %q", c.name, strings.Join(got, " "), c.want)
		}
	}
}

// TestSettledTime: day and hour may be settled in different breaths.
func TestSettledTime(t *testing.T) {
	catalogue, intents, dispositions := catalogueOf(t)
	r := newReader()
	for lines, want := range map[string]string{
		"C: I'd like a demo.|A: Tuesday at half past nine?|C: Make that half past ten.|A: Half past ten, then. Your demo is confirmed for Tuesday.": "Tuesday at half past ten",
		"C: I'd like a demo.|A: How about Monday at six?|C: Monday's no good. Tuesday?|A: Tuesday it is. You're booked.":                            "Tuesday at six",
		"C: I'd like a demo.|A: Friday at 1?|C: Make it 3.|A: You're booked.":                                                                       "Friday at 3",
		"C: You've got a fitter coming on the 9th between 8 and noon, I need another day.|A: I've changed it to Thursday the 16th.":                 "Thursday the 16th",
		"C: Quiero una demo.|A: ¿El martes a las 10?|C: ¿A las 11?|A: Queda agendada la demo para el martes.":                                       "el martes a las 11",
		"C: My printer is broken.|A: I've opened a ticket. A technician will come by tomorrow at 9 a.m.":                                            "tomorrow at 9 a.m.",
	} {
		w := wording{lines: lines}
		f := r.understand(read(w.prompt(catalogue)), intents, dispositions)
		got := ""
		for _, d := range f.details {
			if d.name == "preferred_time" {
				got = d.value
			}
		}
		if got != want {
			t.Errorf("%q, want %q: %s", got, want, lines)
		}
	}
}

// TestPromise: that somebody will ring back stands in the next action.
func TestPromise(t *testing.T) {
	catalogue, intents, dispositions := catalogueOf(t)
	w := wording{lines: "C: My portal doesn't work.|A: Let me dig into that, and I'll ring you back before lunch."}
	f := newReader().understand(read(w.prompt(catalogue)), intents, dispositions)
	if f.action == nil || !strings.Contains(f.action.reason, "I'll ring you back before lunch") {
		t.Errorf("got %+v", f.action)
	}
}

// BenchmarkReading reads a call of usual length.
func BenchmarkReading(b *testing.B) {
	w := wording{lines: strings.Repeat("C: Hi, this is [NAME_1] from Valley Coaches, my printer stopped working since the update and I'd like somebody to look at it.|A: I'm sorry to hear that. Do you have the order number?|C: It's B 7302. No wait, B 7320.|A: I've opened a ticket and a technician will call you tomorrow at 9 a.m.|", 4) + "C: Thanks, bye."}
	catalogue, intents, dispositions := catalogueOf(b)
	r, p := newReader(), read(w.prompt(catalogue))
	for b.Loop() {
		r.understand(p, intents, dispositions)
	}
}
