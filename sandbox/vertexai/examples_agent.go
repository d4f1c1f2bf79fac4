//nolint:misspell // part of it is Spanish
package vertexai

// act is what an agent does by saying something.
type act string

// Acts of agents.
const (
	actBooks      act = "books"       // a demonstration has its time
	actOffersTime act = "offers time" // and has none yet
	actQuotes     act = "quotes"      // promises a quote or an offer
	actPrices     act = "prices"      // names a price
	actCalls      act = "calls"       // promises that somebody gets in touch
	actShows      act = "shows"       // speaks of demonstrations
	actTickets    act = "tickets"     // takes a problem down, sends somebody, makes good
	actSorry      act = "sorry"       // regrets
	actInstructs  act = "instructs"   // tells what to press
	actTells      act = "tells"       // tells how things stand with an order or account
	actAnswers    act = "answers"     // answers a question of fact
	actMoves      act = "moves"       // an appointment has another time
	actTransfers  act = "transfers"   // hands on
	actNotHere    act = "not here"    // is not who was meant
	actDeclines   act = "declines"    // wants none of it
	actRecords    act = "records"     // is a machine that takes a message
	actAsks       act = "asks"        // asks for a name, an address, a number
	actGreets     act = "greets"      // greets, thanks, agrees
)

// agentExamples are what agents say, a sentence each line.
func agentExamples() map[act][]string {
	out := map[act][]string{}
	for a, text := range map[act]string{
		actBooks: `
You're booked for Wednesday at 2:30 p.m.
I've booked you in for Tuesday at 10:15.
I've scheduled your demo for Thursday at 11 a.m.
You're down for a demonstration on Monday at 9.
That's booked for you.
I've put you in for a demo on Saturday at 8.
Then you're booked for Monday at 1:30.
To confirm, you're booked for March 12th at 4.
Your demo is scheduled for next Wednesday at 10.
You're all set, the demo's booked for Friday.
It's booked.
I've scheduled the demo.
Your demo is confirmed for Tuesday.
I've got you in the diary.
I've put you down for Thursday at two.
We'll see you on Tuesday at three then.
Consider it done, Tuesday at nine.
I've pencilled you in for the 4th.
You'll get the invitation in a minute.
I've just sent you the calendar invite.
Done, you're in for Friday at noon.
I've set that up for Wednesday.
That's in the calendar for Monday.
It's in the book for Friday at ten.
Somebody will show it to you on Thursday at 2, you'll have an invite.
I'll put you down for Monday at ten.
Right, I've reserved the slot on Thursday for you.
I've signed you up for the session on Tuesday.
Our specialist will show you everything on Friday at four.
Friday at 3 p.m., you're booked.
Queda agendada la demo para el jueves.
Ya quedó agendada su demostración.
Queda reservada la demo para el lunes a las 12.
Le agendé la demostración para el martes a las diez.
Listo, quedamos el jueves a las once.
Se la dejo agendada para el viernes.
Le apunto para el lunes a las nueve.
Ya está reservado, el miércoles a las cuatro.
Le he reservado una presentación para el martes.
Confirmado entonces para el jueves.
I'll pop that in the diary for you.
Booked.
Monday at eleven is confirmed.
Tuesday at 9:30, it's arranged.
That's settled then, Thursday at one.
It's on the calendar.
Right, that's you in for Wednesday.
Consider yourself booked.
All sorted, Monday at ten.
You're in, Friday at two.
I'll mark you down for the ninth.
Let's say Tuesday at ten then, you'll get a confirmation.
The demo is set for Thursday.
Done, that's reserved.
Perfect, we'll do the demo on Monday at three.
I've blocked the hour for you.
We look forward to showing you on Tuesday.
See you Thursday at four.
He'll be with you on Friday at ten to present it.
That's locked in.
Your trial starts today, I've just set it up.
Great, it's a date, Wednesday at noon.
Listo, la esperamos el viernes a las nueve.
Quedamos así, el martes a las once.
Ya lo tengo en la agenda.
Su demo es el lunes a las tres.
Lo anoto para el jueves.
Ya quedó.
Perfecto, nos vemos el miércoles a las diez.
Hecho, el lunes a la una.
Ya está, miércoles a las 5.
You're on the schedule for Tuesday at 2.
Splendid, I've got you down for Friday at 10.
Good, Thursday at ten it is.
Then we'll see each other on Monday.`,
		actOffersTime: `
Would Tuesday at 11 work?
How about Monday at 1:30?
I can offer Tuesday at 10:15.
We have Friday at 4 or Monday at 9.
Wednesday at 2:30 p.m. is free.
Shall I put you down for that?
Friday at 1?
Tuesday at 7 a.m. then?
Does Monday at 6 suit?
Could we do Monday?
Next Wednesday at 10?
Which date would he prefer?
When would suit you?
The calendar for June isn't open yet.
I don't have his diary at hand today.
We're fully booked this week.
I can't see any free dates from here.
Hoy no tengo la agenda a mano.
When are you free?
Any day in mind?
What day works for you?
Is early OK?
He's free Friday at 11 or at 2.
There's an opening on Wednesday at 8:30.
Would the 20th be good?
March 11th at 9 a.m.?
Thursday at 10 a.m.?
Morning or afternoon?
What time suits?
Tomorrow at noon.
¿Le viene bien el jueves a las diez?
¿Le queda bien el miércoles?
¿El lunes a las 12?
¿El martes a las 10?
¿Te sirve el miércoles a las 9?
¿Qué día le conviene?
¿Por la mañana o por la tarde?
Tengo libre el viernes a las once.
What about Wednesday at four?
Would Tuesday do, half nine?
Would Friday at two do?
Monday at eleven?
Could you do the afternoon?
I've got Thursday at three or Friday at nine.
The earliest would be next Tuesday.
We're free on Wednesday.
Say ten o'clock?
Is Thursday any good?
How does Monday sound?
¿Qué tal el martes?
¿Puede el jueves a las cuatro?
Le puedo ofrecer el lunes.
Tengo el lunes a las diez.
¿A las once?`,
		actQuotes: `
I'll send you a quote.
You'll have the quote in your inbox by tomorrow.
You'll have our offer in your inbox first thing.
We'll e-mail you an offer by Friday.
I'll have an estimate drawn up and posted to you.
I'll send you a quote this afternoon.
He'll call you back with the quote.
We'll prepare a special offer for you.
I'd need to have someone work out an offer for you.
For an exact figure I'd have a colleague call you with a quote.
I'll get a quote over to you today.
Our sales team will send you a proposal.
I can put that in writing for you.
I'll mail you the price list.
You'll receive a written proposal next week.
I'll have sales work out the numbers and send them.
A quotation is on its way to you.
I'll put together an offer.
I'll have somebody price that up for you.
Let me send you a detailed quote.
Where shall I send the quote?
I'll drop you a line with the figures.
Our account manager will prepare an offer and ring you.
Le envío el presupuesto esta tarde.
Le mando una cotización hoy mismo.
Se la mando hoy en la tarde.
En un ratito se la envío.
Le preparamos una oferta.
Le hago llegar la propuesta por correo.
¿A qué correo le mando la cotización?
Mañana tiene el presupuesto en su correo.
Un asesor le enviará una propuesta.
Le paso los precios por correo.
You'll find our proposal in your mailbox tomorrow.
I'll have the figures with you by Monday.
You'll have it in writing by tonight.
I'll drop the offer in the post.
I'll work up a price and mail it over.
How should I get the offer to you?
Where do you want the quote sent?
Let me get our pricing team to come up with something.
The quote will be in your inbox.
I'll get you a written offer.
We can do better than that, I'll send you something.
My manager will come back to you with a special price.
I'll send the tariffs across.
Expect our proposal on Friday.
You'll get the numbers from us.
Se lo mando por escrito.
Hoy mismo le llega la oferta.
Le preparo el presupuesto y se lo envío.
Mañana le hago llegar los números.
En la tarde le mando la propuesta.
I'll get our sales director to draw something up.
You'll have it by Wednesday.
Let me ask about a special rate and I'll let you know.
I'll calculate that for you and send it.
Se lo calculo y se lo envío.
Hoy le llega.
Le armo una propuesta.`,
		actPrices: `
The basic package is 49 dollars a month.
It's 79 dollars a month for up to ten users.
For thirty vehicles it's 12 dollars per vehicle.
It's a flat rate up to five people, 35 dollars.
Exactly, 47 dollars a month.
That'd be 20 dollars more a month.
The yearly plan is 540 dollars.
The list price is 15 dollars each.
Up to three people it's free of charge.
An installation is 120 dollars flat.
It's 99 dollars a month.
That comes to 22 dollars a seat.
Two months are free if you pay annually.
It starts at ten dollars per user.
There's no setup fee.
The box is included.
Including travel within the city.
You'd pay 300 a year.
We charge 40 euros an hour.
Nonprofits get twenty percent off.
It depends on the number of users, from 8 dollars each.
Yes, that's included in the price.
The premium version costs 60 dollars.
It went up in January.
That one's free.
Son 25 dólares al mes.
Serían 40 dólares por mes.
400 dólares el año.
El plan básico cuesta 30 dólares.
Sale en 15 dólares por usuario.
Sí, con soporte incluido.
Le saldría en doscientos pesos.
Hay un descuento del diez por ciento si paga el año.
La instalación es gratis.
You'd be looking at about 18 dollars a truck each month.
It's 29 dollars.
Twelve dollars a month.
Fifteen per user.
Nine hundred for the year.
That's a hundred and twenty a year.
Roughly 50 dollars a head.
You'd save ten percent.
It doesn't cost anything extra.
The first month is on us.
Students pay half.
Shipping is free over fifty dollars.
That would be 65.
Doce dólares al mes.
Cuesta treinta.
Son veinte por usuario.
Le queda en cien al año.
No tiene costo.`,
		actCalls: `
Someone will get back to you with dates.
One of our consultants will write to you with dates this week.
Our specialist will call you back today to get you started.
You'll get a call this afternoon.
Somebody from sales will call you.
A colleague will follow up next week.
I'll have someone call you.
One of our people will be in touch.
We'll ring you tomorrow.
I'll pass it on and she will call you back.
She'll phone you this afternoon.
I'll ask him to call you.
We'll get back to you.
I'll ring you back before lunch.
Can I take your details and someone will get back to you?
Our sales team will contact you by Friday.
I'll tell her you called.
Expect a call from us on Monday.
Un asesor la llama mañana para ofrecerle una fecha.
La llamamos mañana a la tarde.
Un compañero le llamará.
Alguien de ventas se pondrá en contacto con usted.
Le devolvemos la llamada hoy.
Le marco en un rato.
Le paso el recado y le llama.
She'll be in touch this afternoon.
Can she ring you?
I'll get him to give you a shout.
She'll give you a bell within the hour.
One of the team will contact you to find a date.
You'll hear from us tomorrow.
I'll get back to you on that.
I need to check with my colleague and ring you back.
They will write to you.
He'll reach out on Monday.
My colleague will get in touch.
Le llamamos en cuanto podamos.
Ella se comunica con usted más tarde.
Mañana le hablan de ventas.
I'll have her e-mail you some dates.
You'll hear from her on Thursday.
My colleague does the trials, he'll ring you first thing.
Let me ask and I'll give you a call this evening.
Our specialist is on leave until Thursday and will contact you then.
I'll pass that on.
I'll let them know.
I'll leave her a note.
Someone will send you a login within the day.
I'll tell my colleague and he'll write to you.
Mi compañero le escribe mañana con un acceso.
Ella le escribe hoy.
Let me have our rep phone you to set a day.`,
		actShows: `
We'd be glad to show you.
We do live sessions online.
A demo takes about 30 minutes and there's no obligation.
We can indeed come and show it.
A tour it shall be.
We'll go over the plans in the demo.
We offer a free trial of 14 days.
There is a trial, 14 days.
How many people will join the demo?
Where do I send the link for the session?
I'm happy to show you round the product.
What would you like to see in the demonstration?
No PowerPoint, I promise.
Con mucho gusto se lo mostramos.
¿Para cuántas personas sería la demostración?
¿Me dice un correo para enviarle la invitación?
Sí, tenemos una prueba gratuita.
We do demos every week.
I'd be delighted to show you.
The presentation takes an hour.
You can try it for thirty days.
We could come to you and present it.
Our trainer can take your team through it.
Encantados de enseñárselo.
La demostración dura una hora.`,
		actTickets: `
I've opened a ticket and a technician will call you today.
I've opened a ticket with the accounts team.
I've raised a ticket and the carrier will call you.
I've logged a ticket with accounts.
I've created a ticket for accounting.
A technician will come by tomorrow at 9.
A technician will be there Saturday at 2.
An engineer will ring you within 30 minutes.
We'll replace it.
The replacement ships Monday.
The right parcel goes out tomorrow.
The screws go out by courier.
They'll refund the second payment.
They'll send you the corrected invoice.
They'll look into the bill and ring you.
The ticket is open, and an engineer will contact you.
I've put in a service request.
I've logged a case with our billing team.
I've opened a repair ticket, and we'll collect it on Friday.
I've marked it urgent.
We'll send someone.
I'll have a technician phone you back tonight.
Our developers will look into it.
I've reported it to the web team.
I've passed this on to our engineers.
I'll escalate this.
You'll get your money back in three days.
I've sent out a new one.
I've made a note of the fault and someone will see to it.
Your case number is 4471.
I'll get somebody out to you this afternoon.
I've written it up for the workshop.
I've issued a refund.
We'll send you a new one free of charge.
Ya levanté un ticket y un técnico le va a llamar.
He abierto una incidencia y mañana la llamará un compañero.
Abrí un reporte para el área de cobranza.
Le van a devolver el segundo cargo.
Ya está abierto el parte.
Se lo cambiamos en 48 horas.
Ya le levanté un reporte y mañana la llama un técnico.
Le mando un técnico esta tarde.
Queda registrado el caso.
Le mandamos otro sin costo.
Le abro un ticket ahora mismo.
A replacement is going out today.
I've passed it to our billing team as a case, they'll return the extra one.
I'd like our network person to look at that.
I can send a technician on Friday at 8.
I'll book an engineer for you.
Somebody will be out to look at it this afternoon.
I've put it down for the workshop.
I've raised that with the developers.
We'll exchange it for you.
You'll have your money back by Friday.
I've started the refund.
I'll get that looked at.
Our courier will pick it up.
I've recorded the complaint.
That's logged, the reference is 3381.
I've told the night shift, they'll fix it.
They're working on it, I've added you to the list.
Let me open a case.
I'll have the warehouse send the missing piece.
A colleague from the technical team will ring you.
I'll dig into that and ring you back.
We'll fix the invoice and send it again.
Le mandamos el cable mañana mismo.
Lo reporto ahora con los técnicos.
Un técnico pasa a verlo hoy.
Ya generé la devolución.
Le reponemos la pieza.
Queda levantada la queja.
Mañana pasa alguien a revisarlo.
I'm raising this with accounts, you'll get it back by Monday.
I've logged it and the data team will follow up.
Mando a alguien esta misma tarde.
I'll send somebody round.
I'm sending you a new one.
The missing part will be sent tomorrow.
A new one will be shipped tonight.
We'll post it out to you.
You'll get a replacement.
A colleague will drive out to you this afternoon.
I'll have accounts stop the letters.
I've opened a complaint.
Ahorita mismo le mando a un técnico.
Queda con folio 5521.
I've filed it with billing and they'll straighten it out.
I've put in a repair order.
Somebody will stop by tomorrow.
Se la cambiamos, mañana pasan por ella.`,
		actSorry: `
I'm sorry to hear that.
I'm so sorry.
Sorry about that.
I do apologise.
Oh dear.
Oh no.
That's not good.
That doesn't sound right.
That sounds serious.
Oh dear, what a mess.
That's annoying.
That's a known fault.
Is it plugged in?
Which lights are on?
What does the screen say?
Please unplug it right away.
I see it's stuck at the depot.
How old is it?
What model is it?
The refund was approved but never sent.
Have you tried turning it off and on?
Since when?
Lamento mucho escucharlo.
Vaya, lo siento.
Ay, qué pena.
Entiendo la urgencia.
¿Qué le aparece en la pantalla?
¿Ya probó apagarlo y prenderlo?
No hace falta que me dé la tarjeta.
That's dangerous, don't use it.
Oh, that shouldn't happen.
That must be frustrating.
Let's get that sorted.
What happens when you press it?
Did you get an error?
When did you order it?
Which version do you have?
Does it make a noise?
My apologies.
Uy, qué mal.
¿Desde cuándo le pasa?
¿Qué modelo es?
Disculpe las molestias.`,
		actInstructs: `
Click Reports at the top, then Export, then choose Excel.
Go to Settings, then Team, and there's a plus sign.
Click on that and you'll get an e-mail with a link.
On the sign-in page, do you see the words forgot password?
Hold the button for ten seconds.
Press and hold the red button until it blinks.
Open the menu and choose printers.
Pull the plug, wait a minute and plug it back in.
You'll find it under your profile.
Try it now.
I've reset it for you, try again.
I've unlocked your account.
Does it work now?
Is it working now?
Just restart it.
You have to update the app first.
Tick the box on the left and save.
Type in your e-mail and click reset.
I've just sent you a new link.
Then turn it back on.
Take out the paper and close the lid.
Check under the cover, there's a switch.
Probá con el botón que dice olvidé mi contraseña.
Te llega un mail con un enlace.
Vaya a configuración y luego a usuarios.
Haga clic en el botón verde.
Mantenga apretado el botón diez segundos.
Desconéctelo y espere un minuto.
Ya se la restablecí, pruebe ahora.
¿Ya le funciona?
Tap the gear in the corner, then Display, and drag the slider to the right.
In the menu, pick Tools.
Just swipe down and press the arrow.
Enter the code on the back.
Choose forgot password on the login page.
Right click and choose rename.
Take the battery out for a minute.
You can turn that off in the settings.
Scroll down to the bottom.
That means the paper is empty.
The orange light means it's charging.
I've just fixed it from here.
It should be back now.
Lift the cover and turn the wheel.
You'll see a blue link, click it.
Toque el engrane y luego pantalla.
Presione el botón de atrás.
Apáguelo y vuélvalo a prender.
En el menú escoja opciones.
La luz naranja quiere decir que está cargando.
Ya lo arreglé desde aquí.
Arriba a la derecha, en reportes, y ahí elige corte.
It's the last four digits of the serial number, on the bottom.
In the top left corner, under file.
It's the green one next to the drawer.
Ahí abajo le sale la opción.
Busque el icono de la impresora.
Dele clic a guardar.
Tiene que entrar a ajustes.
Under messages there's a field called sending time.
You can. Go to the second tab.`,
		actTells: `
It's on the van, and it'll be with you between 1 and 3.
Your order was shipped yesterday.
It left the warehouse this morning.
It should arrive tomorrow.
I can see it on the map.
Your refund went out on Monday, it takes three days.
The second charge was only a reservation, it will disappear.
That part's back in stock.
It's out for delivery.
Your account is active again.
There was an outage but it's over.
Yes, it's still under warranty.
Su pedido salió ayer y llega mañana.
Ya va en camino.
El reembolso ya se hizo.
It left our warehouse yesterday and should reach you tomorrow before noon.
It's with the courier now.
The driver will be with you in an hour.
It was delivered to your neighbour.
Your payment came in, all is fine.
The refund is already on its way to your card.
The system is back since ten.
Your order is ready for pickup.
Sale hoy y le llega el jueves.
Lo trae el repartidor esta tarde.
Su pago sí entró.
They were held up at customs and will be delivered tomorrow morning.
It's in the mail.
It was posted on Monday.
The carrier says this afternoon.
We've already sent it back to your account.
It's at your post office, waiting to be picked up.
It was sent on Tuesday.`,
		actAnswers: `
We're open until 6 p.m.
We're at the corner of Market and Third.
Right behind the building.
We're closed on Monday and back on Tuesday at 8.
Not at the moment, only English and Spanish.
Saturdays from 9 to 1.
We're closed on Sundays.
We do, in fact.
Since 1998.
It was founded in Chicago.
Yes, at the side entrance, and there's a lift inside.
On the second floor.
Yes, there's parking behind the house.
No, I'm afraid not.
Yes, we do.
We ship all over the country.
You can apply on our website.
It's on our website.
Monday to Friday from nine to five.
The nearest station is Fifth Street.
We take all cards.
It runs on both.
Until eight.
At eight.
We don't have a shop.
Our address is in the letter.
It's 40 Park Avenue.
We're on Elm Road, number twelve.
Hoy abrimos hasta las 7 de la tarde.
Los sábados hasta la 1.
Cerramos a las ocho.
Estamos en la avenida principal, junto al banco.
Sí, tenemos estacionamiento.
No, los domingos no abrimos.
Sí, aceptamos todas las tarjetas.
Mande su currículum por la página.
We close at half past five.
We do, every summer.
The form is on our website under careers.
It runs in the browser, so both.
Sure, just come by.
We're in the old mill by the river.
Take the number nine bus.
On weekdays only.
Yes, all year round.
There are forty of us.
You can park in the yard.
It's on the third floor.
Yes, we also do that.
It comes in blue and grey.
Sí, de nueve a una.
Solo entre semana.
En el segundo piso.
Sí, cada verano.
Puede pasar sin cita.
It's 94103.
You can just walk in.
She's called Anna Meyer.
You'd write to the personnel office.
We're not hiring right now.
The nearest one is in Oakland.
It's two thousand and four.
Only for shops and restaurants.
Two blocks south of the station, next to the post office.
Only until noon.
Solo hasta mediodía.
We only work with companies.
No, we're here straight through till six.
We do, at the back door, any weekday.
We're here all day.
Yes, we're closed in August.`,
		actMoves: `
Your appointment has been moved to Thursday at 10.
I've moved your demo to next Monday at 3.
Done, your appointment is now on Wednesday at 8:30.
I've changed it for you.
Your meeting has been moved from June 18th to June 19th.
Your pickup has been rescheduled to Saturday.
I've moved it to Monday at 7:30.
The visit has been moved to Tuesday at 5.
I've moved you to Friday at 4:15.
I've changed it to Thursday the 16th.
That's cancelled for you.
I've cancelled your appointment.
I've switched it to the 12th.
I've pushed it back a week.
I've put it back to four o'clock.
Your new time is Tuesday at nine.
We'll see you on the 14th instead.
I've swapped you over to Wednesday.
Thursday at ten instead, that's changed.
I've updated your booking to Friday.
The technician will come on Wednesday instead.
Su cita quedó cambiada para el viernes.
Su reunión queda aplazada al martes a las 11.
El turno quedó para el miércoles a las 9.
La paso al miércoles a las cinco.
Le cambié la cita al jueves.
Ya la moví para el lunes.
Queda cancelada su cita.
Su nueva cita es el martes a las diez.
Se la cambio al sábado.
Done, Friday at two instead.
Of course, I've cancelled the visit.
I've called him off.
Okay, Monday at ten then, I've changed it.
All right, you're on Thursday now.
We'll come on the 12th instead.
That's moved.
I've taken you off Tuesday and put you on Friday.
Not a problem, it's now at eleven.
I've brought it forward to the morning.
Your delivery is now on Saturday.
I've let the technician know, he comes on Monday.
Perfecto, queda para el lunes a las diez.
Ya la cambié.
Listo, su visita es ahora el jueves.
Le muevo la cita al viernes a las dos.
Cancelado, no se preocupe.
Entonces el técnico va el miércoles.
It's the 22nd at 3 p.m. now.
Right so, Thursday at 11, I've changed it.
So that's the 5th instead of the 3rd.
I've altered the invitation.
I've amended your booking.
Then let's make it the 4th instead.
Hecho, se la pasé al sábado.
Queda anulada.
Tuesday is fine, I've put him down for then.`,
		actTransfers: `
I'll put you through to a colleague right away.
I'm transferring you to our enterprise desk.
Let me put you through to somebody who does that.
I'll put you through.
I'm transferring you now.
I'll put you through to my supervisor right now.
I'll hand you over to my colleague.
Let me connect you with the right department.
I'll pass you on to sales.
One moment, I'm connecting you.
Stay on the line, I'll get someone who can help.
Let me get my manager for you.
Hold the line please, I'll see if he is free.
I'll switch you through to accounts.
I'll bring in a colleague.
You'll be connected in a moment.
Let me transfer your call.
Bear with me, I'll hand you to the workshop.
I'll patch you through.
Le comunico con un compañero, no cuelgue.
Lo comunico ahora mismo con el técnico de guardia.
Le paso con ventas.
La transfiero al área de soporte.
Le pongo con mi compañera.
Un momento, le paso con el encargado.
No cuelgue, lo transfiero.
Stay on the line and I'll connect you.
Let me pass you across.
I'm handing you to an expert.
I'll get you to the right person.
One second, I'll fetch her.
She's right here, here she is.
Putting you through now.
I'll hand you to the billing desk.
Don't hang up, I'm passing you to the manager.
You want our sales team, I'll connect you.
Espéreme tantito, se la paso.
Enseguida la atiende mi compañero.
Le transfiero la llamada.
Ahora le pongo con la persona encargada.
Let me get you over to somebody in pricing.
I'm getting an engineer on the line for you.
Eso lo lleva mi compañera, se la paso.
That would be my colleague, let me put you through.
He's just next door, I'll give him the phone.
Let me see whether she's free to take the call.
I'll send you over to support.
I'll route you to the right desk.
You need our accounts people, I'll pass you on.
I'm putting you on to our accounts team.
That's our sales team. Connecting you.
Connecting you.
I'm fetching our engineer, stay with me.`,
		actNotHere: `
I'm afraid this isn't a restaurant.
This is Acme, we make software.
This is a company, there's no Kevin here.
I think you've misdialled.
No, this is Initech.
You've dialled 0100.
There's no flower department here, I'm sorry.
No, it's Acme.
I'm afraid this is Acme.
There's nobody by that name here.
You have the wrong number.
We're not a dentist.
This is an office, ma'am.
What number did you dial?
We don't deliver food.
No harm done.
No worries, bye.
No, señora, esto es Globex.
Aquí no hay ninguna peluquería.
Se ha equivocado de número.
No pasa nada.
Aquí no vive nadie con ese nombre.
Esto es una empresa.
No, aquí no es.
I think you want somebody else, this is a software firm.
We don't sell food.
No, we're an office.
You want the place next door.
There's no doctor here.
That's not us.
We don't rent flats.
You've got the wrong place.
Aquí no vendemos comida.
Creo que marcó mal.
No somos la farmacia.
I think you have the wrong person.
Aquí no trabaja ningún licenciado.
No, this is a software company.
I'm afraid you've come through to a software firm.
This is not the hospital.
You've come through to the wrong place.
Se confunde usted, esto no es una peluquería.`,
		actDeclines: `
Please take us off your list.
We're not interested.
No, thank you.
This is clearly a scam.
Please don't call again.
There's no homeowner here.
I don't think so.
Don't call this number again.
We already have one, thanks.
We don't take sales calls.
We don't buy anything over the phone.
No soliciting, please.
Goodbye.
How did you get this number?
I'm going to hang up now.
No nos interesa, gracias.
No vuelva a llamar.
Bórrenos de su lista.
Gracias, pero no.
No thanks.
Not today, thank you.
We're happy with what we have.
Please stop ringing us.
Take this number off your system.
I'm hanging up.
No, gracias.
No estamos interesados.
Please don't call us again.
No, gracias, adiós.
We haven't got one. Bye.`,
		actRecords: `
Please leave a message after the tone.
You've reached the voicemail of Acme sales.
Nobody can take your call right now.
We can't come to the phone.
Leave your name and number and we'll call you back.
Please leave your message after the beep.
Nobody is available at the moment.
Our office is closed at the moment.
Deje su mensaje después de la señal.
En este momento no podemos atenderle.`,
		actAsks: `
May I have your name?
Who am I speaking with?
Who's calling please?
What's your name?
And you are?
Your name and e-mail?
And your name and company?
And a number, in case we get cut off?
Do you have the order number?
What's your order number?
Have you got the order number handy?
And the delivery address?
Can I have your name and the e-mail of the account?
What e-mail can we use?
And a telephone number?
Can we reach you on this number?
Where should I send it?
Your full name and date of birth?
How many users would that be?
How many seats do you need?
Can you spell that?
Is it all right if this call is recorded?
¿Me dice su nombre?
¿Con quién tengo el gusto?
¿Me regala su nombre?
¿Su nombre y su correo?
¿De parte de quién?
¿Tiene el número de pedido?
¿De qué empresa me llama?
¿A qué número le llamamos?
And where may I send the link?
How many members?
How should I get it to you?
Whom shall I put down?
Where are you calling from?
What's the best number for you?
How is that spelt?
Have you the order number?
¿Cuántos usuarios serían?
¿Me puede deletrear el apellido?
¿Cuál es su correo?`,
		actGreets: `
Good morning, Acme, how can I help?
Acme support, hello.
Globex, good afternoon.
Thank you for calling Initech.
What can I do for you?
This is [NAME_1] speaking.
Support, [NAME_1] speaking.
What's the problem you're having?
Please tell me in a few words what you need.
Certainly.
Of course.
Sure.
Absolutely.
Lovely.
Great.
Thank you, [NAME_1].
Let me check.
Let me have a look.
Let me look.
One moment.
You're welcome, take care.
Anything else?
Is there anything else I can do?
Have a nice day.
Fair enough.
I understand.
No problem.
No trouble at all.
Happy to.
Got it.
Wonderful.
Just call us when you're ready.
Say hello to everyone.
Globex, buenos días, ¿en qué le puedo ayudar?
Claro que sí.
Por supuesto.
Con mucho gusto.
Perfecto.
Muy bien.
Anotado.
Déjeme ver.
Un momento, por favor.
¿Algo más?
Que tenga buen día.
Good morning, [NAME_1] here.
Naturally.
With pleasure.
Pardon?
One moment.
Glad to hear it.
That would be [NAME_1].
That's [NAME_1]'s department.
That'd be me.
Say hi to [NAME_1].
Ah, that's sales.
That's one for the sales folks.
You're through to support.
Not at all.
Have a good one.
Take care.
My pleasure.
Right.
Okay, let me see.
Hm.
Encantados.
Gracias a usted.
Hasta luego.
Mucho gusto.`,
	} {
		out[a] = eachLine(text)
	}
	return out
}
