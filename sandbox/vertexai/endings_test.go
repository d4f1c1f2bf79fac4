//nolint:misspell // part of it is Spanish
package vertexai

import (
	"maps"
	"slices"
	"testing"
)

// What callers want in endings.
const (
	wantsDemo    = "I'd like to book a demo."
	wantsPrice   = "How much is the team plan?"
	wantsHelp    = "My printer stopped working."
	wantsOther   = "I need to move my appointment."
	wantsHours   = "What are your opening hours?"
	quiereDemo   = "Quisiera una demo."
	quierePrecio = "¿Cuánto cuesta el plan?"
	quiereAyuda  = "La impresora no funciona."
	quiereCambio = "Necesito cambiar mi cita."
)

// endings are what receptionists say last, by what it makes of the call.
var endings = map[string][][2]string{
	"DemoBooked": {
		{wantsDemo, "You're all set for Thursday."},
		{wantsDemo, "I've put you down for two o'clock on Monday."},
		{wantsDemo, "Perfect, that's in the calendar then, Friday at ten."},
		{wantsDemo, "Our consultant will show you everything on Tuesday at four."},
		{wantsDemo, "Great, we'll see you Wednesday at nine."},
		{wantsDemo, "I've got you in on the 12th at three."},
		{wantsDemo, "Consider it booked."},
		{wantsDemo, "Your slot is Monday at eleven, you'll get an invite."},
		{wantsDemo, "I've pencilled you in for next Tuesday."},
		{wantsDemo, "You're down for Thursday morning, the link is on its way."},
		{quiereDemo, "Le he apuntado para el jueves a las diez."},
		{quiereDemo, "Listo, nos vemos el lunes a las cuatro."},
	},
	"QualifiedLead": {
		{wantsDemo, "Someone from sales will get back to you."},
		{wantsDemo, "I'll have one of our people reach out tomorrow to find a time."},
		{wantsDemo, "I've passed your details on, a colleague will be in touch."},
		{wantsPrice, "That depends, someone from sales will ring you this afternoon."},
		{wantsPrice, "I'll e-mail you an offer tonight."},
		{wantsPrice, "You'll have our proposal in your inbox tomorrow."},
		{wantsPrice, "We'll work something out for you and come back to you on Monday."},
		{wantsPrice, "Let me take your details and an account manager will contact you."},
		{quierePrecio, "Un asesor le va a marcar mañana."},
		{quierePrecio, "Se la mando hoy por correo, la cotización."},
		{quiereDemo, "Alguien de ventas se pondrá en contacto con usted."},
	},
	"InformationGiven": {
		{wantsPrice, "It's forty dollars per seat."},
		{wantsPrice, "The team plan starts at 99 a month."},
		{wantsPrice, "That's free for up to three users."},
		{wantsPrice, "Twelve hundred dollars a year, all in."},
		{wantsHours, "Nine to five, Monday through Friday."},
		{wantsHours, "You'll find all of that on our website."},
		{quierePrecio, "Son 300 pesos al mes."},
	},
	"SupportTicketOpened": {
		{wantsHelp, "I'll have a technician ring you."},
		{wantsHelp, "Ticket number 123 is open."},
		{wantsHelp, "I've logged it and an engineer will look into it."},
		{wantsHelp, "We'll send someone round tomorrow."},
		{wantsHelp, "I've written it up for our service team."},
		{wantsHelp, "A replacement is on its way."},
		{wantsHelp, "I've put in a request for you, our people will get back to you by noon."},
		{wantsHelp, "Your reference is 88120, somebody will call you back."},
		{quiereAyuda, "Ya levanté el reporte, le llama un técnico."},
		{quiereAyuda, "Queda registrado con el folio 2231."},
	},
	"Rescheduled": {
		{wantsOther, "No problem, Tuesday at ten it is."},
		{wantsOther, "I've moved you to the 14th."},
		{wantsOther, "Done, you're now on Friday at two."},
		{wantsOther, "Your new time is Monday at nine."},
		{wantsOther, "All right, I've switched you over to Wednesday."},
		{wantsOther, "Okay, it's cancelled."},
		{quiereCambio, "Listo, quedó para el viernes."},
		{quiereCambio, "Ya se la cambié al martes a las seis."},
	},
	"TransferredToAgent": {
		{wantsHelp, "Hold on, I'll put you through."},
		{wantsPrice, "Let me transfer you to my colleague in sales."},
		{wantsDemo, "Stay on the line, I'm connecting you with our sales desk."},
		{wantsHelp, "I'll hand you over to our technician, one second."},
		{quiereAyuda, "Le paso con soporte, no cuelgue."},
		{quierePrecio, "Permítame, lo comunico con ventas."},
	},
}

// TestEndings reads each of the endings after a call for what they answer.
func TestEndings(t *testing.T) {
	catalogue, intents, dispositions := catalogueOf(t)
	r := newReader()
	right, all := 0, 0
	for _, want := range slices.Sorted(maps.Keys(endings)) {
		for _, e := range endings[want] {
			all++
			w := wording{lines: "A: Hello.|C: " + e[0] + "|A: " + e[1] + "|C: Thanks, bye."}
			f := r.understand(read(w.prompt(catalogue)), intents, dispositions)
			if f.disposition.name != want {
				t.Errorf("%s (%.2f, intent %s), meant %s: %s %s", f.disposition.name, f.ended, f.intent.name, want, e[0], e[1])
				continue
			}
			right++
			t.Logf("%.2f %s: %s", f.ended, want, e[1])
		}
	}
	t.Logf("%d of %d", right, all)
}
