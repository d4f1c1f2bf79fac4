//nolint:misspell // much of it is Spanish
package vertexai

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	pb "cloud.google.com/go/aiplatform/apiv1/aiplatformpb"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// wording is one call in somebody's own words: C: the caller, A: the agent.
type wording struct {
	intent, disposition string
	handling            string
	lines               string
}

// wordings are calls that nobody tuned the lexicon on by name: other products, other people, other manners.
var wordings = []wording{
	// Demonstrations.
	{"BookDemo", "DemoBooked", "", "A: Northwind, good morning.|C: Morning. I run a dental practice and somebody told me about your booking tool. Could I get a walkthrough sometime this week?|A: Sure, how about Thursday at two?|C: Thursday works.|A: Great, I've put you down for Thursday at two. You'll get a calendar invite."},
	{"BookDemo", "QualifiedLead", "", "A: Hello, how can I help?|C: Hi, [NAME_1] here from Oakline Furniture. We're looking for a system to manage our deliveries and I'd love to see yours in action.|A: Lovely. One of our specialists will call you back to find a time.|C: Sounds good."},
	{"BookDemo", "DemoBooked", "", "A: Thanks for calling.|C: Can you show me how the product works before we decide?|A: Of course. I have scheduled a demonstration for tomorrow at ten.|C: Perfect, thanks."},
	{"BookDemo", "DemoBooked", "", "A: Gracias por llamar.|C: Hola, me llamo [NAME_1] y me gustaría agendar una demostración de su plataforma.|A: Claro, ¿le viene bien el jueves a las diez?|C: Sí, perfecto.|A: Queda agendada la demo para el jueves a las diez."},
	{"BookDemo", "QualifiedLead", "", "A: Buenos días.|C: Buenos días, quisiera ver el programa antes de contratarlo, ¿me pueden hacer una presentación?|A: Por supuesto, un compañero le llamará mañana."},
	{"BookDemo", "QualifiedLead", "", "A: Hi there.|C: We'd like to try the software out for our warehouse team. Do you do free trials?|A: We do. I'll have someone from our team get in touch with you."},
	{"BookDemo", "DemoBooked", "", "A: How may I help?|C: No, I'm not calling about a problem, I want to book a demo.|A: Okay, you are all set for Monday at nine, see you then."},
	{"BookDemo", "DemoBooked", "", "A: Yes?|C: I'd like to schedule a meeting with your sales people to look at the platform.|A: Tuesday at 11 is open. Shall I book it?|C: Yes please.|A: Done, it's booked."},
	// Prices.
	{"PricingQuestion", "InformationGiven", "", "A: Hello.|C: Quick one, what do you charge for the small package?|A: It's 25 dollars per month.|C: Okay, thanks, that's all I wanted to know."},
	{"PricingQuestion", "QualifiedLead", "", "A: Hello.|C: We have 40 employees and need a quotation for everybody.|A: I'll have our sales team prepare an offer and email it to you today.|C: Thanks."},
	{"PricingQuestion", "QualifiedLead", "", "A: Hi.|C: I'm calling to ask about your rates for two hundred users, and whether there's a volume discount.|A: Somebody from sales will call you back with an offer this afternoon."},
	{"PricingQuestion", "InformationGiven", "", "A: Buenas tardes.|C: Hola, quería saber cuánto cuesta el plan básico.|A: El plan básico cuesta 30 dólares al mes.|C: Muchas gracias, eso era todo."},
	{"PricingQuestion", "QualifiedLead", "", "A: Diga.|C: Necesito un presupuesto para quince licencias.|A: Le enviaré una cotización por correo hoy mismo."},
	{"PricingQuestion", "InformationGiven", "", "A: Good afternoon.|C: Hello, is the premium version expensive? What would it cost for one person?|A: It costs 12 euros a month for one user.|C: That's cheaper than I thought. Bye."},
	{"PricingQuestion", "QualifiedLead", "", "A: Hello.|C: Could you send me your price list? We might switch from our current vendor.|A: Gladly, I'll send it over, and a colleague will follow up next week."},
	// Support.
	{"SupportRequest", "SupportTicketOpened", "", "A: Support.|C: The coffee machine I bought from you won't turn on any more.|A: Sorry about that. I've created a case for you and an engineer will be in touch."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: My order still hasn't arrived. It's order number 5 5 8 1 2.|A: Let me check. I'll open a ticket and we'll ask the carrier."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hi, support here.|C: I keep getting an error message when I try to sign in.|A: I'm raising a ticket, our technicians will look at it."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: I was billed two times this month and I want my money back.|A: I have logged a ticket with billing, you'll have your refund in three days."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Buenas.|C: La impresora que compré dejó de funcionar ayer.|A: Lo lamento. He abierto una incidencia y un técnico le llamará."},
	{"SupportRequest", "SupportTicketOpened", "", "A: ¿En qué le ayudo?|C: Todavía no me ha llegado el paquete, el número de pedido es 7 7 2 1.|A: Abro un caso ahora mismo."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: You people sent me the wrong size. I need to exchange it.|A: I'm so sorry. I've opened a return case and you will get a label."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Good day.|C: The app crashes every time I open the calendar.|A: Thanks for reporting that. I've filed a ticket."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Good day.|C: Our heating has been making strange noises since the installation and now there's water on the floor, it's leaking.|A: A technician will come by this afternoon, I've logged it."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: I'd like to cancel my subscription, I'm not using it.|A: I have raised a ticket for that and you'll get a confirmation."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hi.|C: No me deja entrar en mi cuenta, dice que la contraseña no es correcta.|A: He creado un ticket para que soporte lo revise."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Acme.|C: Yeah hi, my internet's been down since this morning.|A: I see an outage in your street. I've opened a ticket and a technician is on the way."},
	{"SupportRequest", "TransferredToAgent", "", "A: Support, hello.|C: The dishwasher we got last month is broken.|A: I'll put you through to a colleague who knows that model.|C: Thanks."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: Where is my parcel? It was supposed to be here on Monday.|A: I will open an investigation, here is your ticket number."},
	// Appointments.
	{"Reschedule", "Rescheduled", "", "A: Doctor's office.|C: Hi, I can't make it on Friday, can I come another day?|A: Sure, I've moved you to Wednesday at four."},
	{"Reschedule", "Rescheduled", "", "A: Hello.|C: Something came up, I need to push back my appointment to next week.|A: No problem, your new appointment is Tuesday the tenth at nine."},
	{"Reschedule", "Rescheduled", "", "A: Hello.|C: I have a demo with you tomorrow, but I would like to move it to Thursday.|A: Okay, I changed it to Thursday at the same time."},
	{"Reschedule", "Rescheduled", "", "A: Dígame.|C: Buenos días, tengo una cita el lunes y necesito cambiarla para otro día.|A: La paso al miércoles a las cinco. Queda cambiada."},
	{"Reschedule", "Rescheduled", "", "A: Hola.|C: Quería reprogramar la visita del técnico, no puedo estar en casa mañana.|A: Le he cambiado la cita al viernes."},
	{"Reschedule", "Rescheduled", "", "A: Hello.|C: I need to cancel my appointment for tomorrow.|A: Alright, your appointment is cancelled."},
	{"Reschedule", "Rescheduled", "", "A: Hi.|C: Is there any chance we could do the installation a bit later, say on the 14th instead?|A: Yes. I've updated your booking to the 14th."},
	{"Reschedule", "Rescheduled", "", "A: Hello.|C: We booked a table, sorry, an inspection for Tuesday and it doesn't suit us any more. Could we switch it to the week after?|A: It's been rescheduled for the following Tuesday."},
	// Questions.
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Are you open on Sundays?|A: No, we're closed on Sundays, but open Saturday until noon.|C: Thanks."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Where exactly is your office? I can't find it on the map.|A: We are on Third Avenue, next to the library."},
	{"GeneralQuestion", "InformationGiven", "", "A: Buenas.|C: ¿A qué hora cierran hoy?|A: Cerramos a las ocho.|C: Gracias."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hola.|C: ¿Tienen aparcamiento en la oficina?|A: Sí, tenemos aparcamiento para visitas."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Hi, do you ship to Canada?|A: Yes we do, it takes about a week."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: I just wanted to ask when you open in the morning.|A: At eight."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Are you hiring at the moment? I would like to send my resume.|A: Please use the form on our website."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Do you take credit cards?|A: Yes, all of them."},
	{"GeneralQuestion", "TransferredToAgent", "", "A: Hello.|C: I've got a question about data protection, can I speak with someone?|A: Let me connect you with our legal department."},
	// Somebody else was meant.
	{"WrongNumber", "WrongNumber", "", "A: Acme, how can I help?|C: Hello, is [NAME_1] there?|A: There's nobody here by that name.|C: Oh, I must have dialed the wrong number, sorry."},
	{"WrongNumber", "WrongNumber", "", "A: Acme.|C: Hi, I'd like to order a large pepperoni.|A: This is a software company, I think you've misdialed.|C: Oops, sorry to bother you."},
	{"WrongNumber", "WrongNumber", "", "A: Acme, buenos días.|C: ¿Es la farmacia?|A: No, se ha equivocado de número.|C: Perdone la molestia."},
	{"WrongNumber", "WrongNumber", "", "A: Acme.|C: Is this Saint Mary's Hospital?|A: No, it isn't.|C: Sorry, wrong number."},
	{"WrongNumber", "WrongNumber", "", "A: Acme.|C: Perdón, me equivoqué de número.|A: No pasa nada."},
	{"WrongNumber", "WrongNumber", "", "A: Acme.|C: Mum? Is that you?|A: No, this is Acme Software.|C: Oh dear, I dialled the wrong number."},
	// Somebody sells to us.
	{"Spam", "Spam", "", "A: Hello.|C: Congratulations! You have been selected to receive a free cruise to the Bahamas. Press one now.|A: Goodbye."},
	{"Spam", "Spam", "", "A: Hello.|C: Hi, I'm calling from Bright SEO and we can get your website on the first page of Google. Do you have two minutes?|A: We're not interested, please take us off your list."},
	{"Spam", "Spam", "", "A: Hello.|C: Good afternoon, may I speak with the person in charge of your electricity bill? We can lower your rate by 30 percent.|A: No, thank you."},
	{"Spam", "Spam", "", "A: Hello.|C: Hi, we offer business loans up to 200 thousand dollars and your company is pre-approved.|A: Please don't call again."},
	{"Spam", "Spam", "", "A: Hola.|C: Buenas tardes, le llamo para ofrecerle una promoción exclusiva y ahorrar en su factura de la luz.|A: No nos interesa."},
	{"Spam", "Spam", "", "A: Hola.|C: ¡Felicidades! Ha sido seleccionado para recibir un premio. Pulse uno para continuar."},
	{"Spam", "Spam", "", "A: Hello.|C: Hello, this is an automated message from the card services department. There is no problem with your account, but this is your last chance to lower your interest rate.|A: (hangs up)"},
	{"Spam", "Spam", "", "A: Hello.|C: Hi, I'm with Sunny Roof and I'd like to show you a demo of our solar panels, it's a special offer this week only.|A: We don't accept solicitations."},
	{"Spam", "Spam", "", "A: Acme.|C: Hi there, our company helps businesses like yours with credit card processing at a great price. Who handles that for you?|A: Not interested."},
	// Messages.
	{"PricingQuestion", "VoicemailLeft", "sent to voicemail", "A: Please leave a message after the tone.|C: Hello, this is [NAME_1]. I'd like a quote for ten licenses, please call me back at [PHONE_1]."},
	{"SupportRequest", "VoicemailLeft", "sent to voicemail", "A: Please leave a message after the beep.|C: Yes, my washing machine is leaking again, this is the second time. Call me please."},
	{"Voicemail", "VoicemailLeft", "sent to voicemail", "A: Please leave a message after the tone.|C: Hi, it's [NAME_1], please call me back when you can. Bye."},
	{"Reschedule", "VoicemailLeft", "sent to voicemail", "A: Deje su mensaje después de la señal.|C: Hola, soy [NAME_1], tengo que cambiar mi cita del martes. Llámenme por favor."},
	{"BookDemo", "VoicemailLeft", "sent to voicemail", "A: Nobody is here. Record your message after the tone.|C: Good evening, [NAME_1] from Delta Foods. We want a demo of the inventory module next week."},
	// A second round, written before it was tried.
	{"BookDemo", "DemoBooked", "", "A: Hello, you've reached Acme.|C: Hi, I saw your stand at the trade fair, and I'd love a demonstration for our branch managers.|A: Would Wednesday at four suit you?|C: Wednesday at four is perfect.|A: Then it's confirmed, Wednesday at four."},
	{"BookDemo", "DemoBooked", "", "A: Hello.|C: My boss asked me to arrange a product tour for six people.|A: I've reserved Friday at eleven for you."},
	{"BookDemo", "QualifiedLead", "", "A: Hello.|C: We are interested in your booking platform and would like somebody to present it to us.|A: A colleague will ring you back this afternoon to agree on a date."},
	{"BookDemo", "DemoBooked", "", "A: Good day.|C: Let's set up that demo we talked about by email.|A: Sure. Your demo is scheduled for the third of March."},
	{"BookDemo", "DemoBooked", "", "A: Hola, ¿en qué puedo ayudarle?|C: Quiero ver una demo del programa para mi restaurante.|A: Muy bien, le he reservado una demo para mañana a las cinco."},
	{"PricingQuestion", "InformationGiven", "", "A: Hello.|C: What's the monthly price for the team plan?|A: The team plan is 99 dollars per month.|C: Thank you, that's what I wanted to know."},
	{"PricingQuestion", "QualifiedLead", "", "A: Hello.|C: I need a quote for 30 seats, please.|A: Of course, you'll get an offer by email this afternoon."},
	{"PricingQuestion", "InformationGiven", "", "A: Hello.|C: How expensive is the annual subscription?|A: It's 480 dollars a year.|C: Good to know. Bye."},
	{"PricingQuestion", "QualifiedLead", "", "A: Hello.|C: Could somebody make me an offer for the enterprise edition?|A: Yes, our sales team will contact you tomorrow."},
	{"PricingQuestion", "InformationGiven", "", "A: Hola.|C: ¿Qué precio tiene la versión profesional?|A: Son 50 euros al mes.|C: Gracias, adiós."},
	{"PricingQuestion", "QualifiedLead", "", "A: Hola.|C: ¿Me pueden mandar una oferta para diez usuarios?|A: Claro que sí, se la enviamos hoy."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: My scanner won't connect to the Wi-Fi any longer.|A: I'm sorry. I've opened a support ticket for you."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: The chair you delivered has a broken leg. The order number is B 2093.|A: We'll send a replacement. I've created ticket 118 for that."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: I forgot my password and the reset mail never comes.|A: I've opened a ticket, a technician will call you shortly."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: Half of my shipment is missing.|A: Oh no. I've logged this as a case and we'll look into it."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: I don't understand how to export my invoices, can somebody help me?|A: I'll open a ticket and our support will call you back."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hello.|C: The screen of my tablet is cracked, is that covered by the warranty?|A: It may be. I've opened a ticket so that a technician can check."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hola.|C: El televisor que me enviaron está roto y quiero que me devuelvan el dinero.|A: Lo siento, he abierto un ticket de devolución."},
	{"SupportRequest", "SupportTicketOpened", "", "A: Hola.|C: Tengo un problema con mi factura, me cobraron dos veces.|A: He registrado una incidencia y lo revisamos hoy."},
	{"SupportRequest", "TransferredToAgent", "", "A: Hello.|C: My alarm goes off every night for no reason and I want it fixed.|A: One moment, I'm passing you to our technical department."},
	{"Reschedule", "Rescheduled", "", "A: Hello.|C: I have an appointment on Tuesday but I'm going to be out of town. Could we do the following week?|A: I've moved your appointment to the following Tuesday."},
	{"Reschedule", "Rescheduled", "", "A: Hello.|C: Can we postpone tomorrow's maintenance visit?|A: Yes, it has been moved to Friday."},
	{"Reschedule", "Rescheduled", "", "A: Hello.|C: I'm afraid I won't be able to come at three. Do you have something later in the day?|A: Five o'clock? I've changed it to five."},
	{"Reschedule", "Rescheduled", "", "A: Hola.|C: Necesito mover mi cita del jueves al viernes.|A: Listo, su cita se ha movido al viernes."},
	{"Reschedule", "Rescheduled", "", "A: Hola.|C: Quiero anular la cita de mañana y pedir otra fecha.|A: De acuerdo, le he cambiado la cita al día veinte."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Until what time can I drop by today?|A: We are open until six."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Could you tell me your address, please?|A: It is 12 Harbor Lane."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Are you closed over Christmas?|A: We are closed on the 25th and 26th."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hello.|C: Is there parking at your building?|A: Yes, behind the house."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hola.|C: ¿Abren los sábados?|A: Sí, de diez a dos."},
	{"GeneralQuestion", "InformationGiven", "", "A: Hola.|C: ¿Dónde están ubicados?|A: Estamos en la calle Mayor, número tres."},
	{"WrongNumber", "WrongNumber", "", "A: Acme, good morning.|C: Oh, this isn't the bakery? I think I have the wrong number.|A: No problem."},
	{"WrongNumber", "WrongNumber", "", "A: Acme.|C: I was trying to call my dentist. Sorry about that.|A: No worries, bye."},
	{"WrongNumber", "WrongNumber", "", "A: Acme.|C: ¿Está [NAME_1]?|A: Aquí no trabaja nadie con ese nombre.|C: Ah, entonces marqué mal, disculpe."},
	{"WrongNumber", "WrongNumber", "", "A: Acme Software.|C: Taxi to the airport, please.|A: You have the wrong number, I'm afraid.|C: Oh. Sorry."},
	{"Spam", "Spam", "", "A: Hello.|C: Dear customer, your computer has been infected with a virus. Press 2 to speak with a certified technician."},
	{"Spam", "Spam", "", "A: Hello.|C: Hi, I'm calling with an exciting investment opportunity in crypto, guaranteed returns of 20 percent.|A: No thanks."},
	{"Spam", "Spam", "", "A: Hello.|C: You have won a gift card worth 500 dollars. To claim your prize stay on the line."},
	{"Spam", "Spam", "", "A: Hello.|C: We noticed that your business listing on Google is not verified. Press one to verify it now."},
	{"Spam", "Spam", "", "A: Hola.|C: Le ofrecemos un préstamo preaprobado con la tasa más baja del mercado.|A: No, gracias."},
	// What a stranger tried.
	{"BookDemo", "DemoBooked", "", "A: Hello.|C: Hi, I came across your scheduling tool. I was hoping somebody could walk me through it.|A: Sure, you're all set for Thursday at 10 a.m."},
	{"BookDemo", "DemoBooked", "", "A: Hello.|C: We'd like a demo, please.|A: I have scheduled your demo for June 9th at 8.30."},
	{"PricingQuestion", "VoicemailLeft", "sent to voicemail", "A: Please leave a message after the tone.|C: Hi, [NAME_1] here. Just wondering what you guys charge per seat. Call me back at [PHONE_1]."},
	{"PricingQuestion", "QualifiedLead", "", "A: Hello.|C: How pricey is the enterprise edition?|A: A colleague from sales will call you back tomorrow."},
	{"GeneralQuestion", "TransferredToAgent", "", "A: Hello.|C: Could you put me through to the accounts department?|A: Of course, one moment please."},
	{"SupportRequest", "TransferredToAgent", "", "A: Hello.|C: My printer is broken.|A: I'm connecting you."},
	// Nothing to go by.
	{"Unknown", "NeedsReview", "", "A: Hello, how can I help?|C: Um. Well. I don't know. Forget it.|A: Are you sure?|C: Yeah. Bye."},
	{"Unknown", "NeedsReview", "", "A: Hello?|C: Blue seven, the eagle flies at midnight.|A: Pardon?"},
}

func catalogueOf(t testing.TB) (text string, intents, dispositions []string) {
	t.Helper()
	tenants, err := tenant.Load("../../samples/tenants")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, i := range tenants.ByID("acme").Catalogue.Intents {
		fmt.Fprintf(&b, "- %s: %s\n", i.Name, i.Description)
		intents = append(intents, i.Name)
	}
	for _, d := range tenants.ByID("acme").Catalogue.Dispositions {
		if !d.AgentOnly {
			fmt.Fprintf(&b, "- %s: %s\n", d.Name, d.Description)
			dispositions = append(dispositions, d.Name)
		}
	}
	return b.String(), intents, dispositions
}

func (w wording) prompt(catalogue string) *pb.GenerateContentRequest {
	var b strings.Builder
	if w.handling != "" {
		b.WriteString("- handling: " + w.handling + "\n")
	}
	b.WriteString("<transcript>\n")
	for i, l := range strings.Split(w.lines, "|") {
		who, text, _ := strings.Cut(l, ": ")
		fmt.Fprintf(&b, "%d 00:%02d %s: %s\n", i+1, i*4, map[string]string{"A": "agent", "C": "caller"}[who], text)
	}
	b.WriteString("</transcript>\n")
	part := func(s string) []*pb.Part { return []*pb.Part{{Data: &pb.Part_Text{Text: s}}} }
	return &pb.GenerateContentRequest{
		SystemInstruction: &pb.Content{Parts: part("Labels:\n" + catalogue)}, Contents: []*pb.Content{{Role: "user", Parts: part(b.String())}},
	}
}

// TestWordings prints a confusion table of what was meant and what was read. One that is read otherwise than
// meant is a fault, since a stranger's calls are no worse than these.
func TestWordings(t *testing.T) {
	catalogue, intents, dispositions := catalogueOf(t)
	confused, r := map[string]int{}, newReader()
	for _, w := range wordings {
		f := r.understand(read(w.prompt(catalogue)), intents, dispositions)
		confused[w.intent+" → "+f.intent.name]++
		if f.intent.name != w.intent {
			t.Errorf("intent %s (%.2f), meant %s: %s", f.intent.name, f.certain, w.intent, w.lines)
		}
		if f.disposition.name != w.disposition {
			t.Errorf("disposition %s (%.2f), meant %s (intent %s): %s", f.disposition.name, f.ended, w.disposition, f.intent.name, w.lines)
		}
		if f.intent.name == w.intent && w.intent != "Unknown" && w.intent != "Voicemail" && f.certain < 0.6 {
			t.Errorf("confidence %.2f in %s is below what makes a record: %s", f.certain, w.intent, w.lines)
		}
	}
	for _, k := range slices.Sorted(keys(confused)) {
		t.Logf("%3d  %s", confused[k], k)
	}
}
