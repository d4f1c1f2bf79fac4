//nolint:misspell // part of it is Spanish
package vertexai

import "strings"

// chatter is what says nothing of why somebody calls: greetings, names, answers, thanks.
const chatter concept = "chatter"

// callerExamples are what callers say, an utterance each, of all trades and manners and several ends of the world. They
// teach the learnt reader what the lexicon has no phrase for.
func callerExamples() map[concept][]string {
	out := examples()
	for c, text := range map[concept]string{
		demo: `
Could one of your lot come round and show us the thing?
I'd like to be shown it first.
I'd really love to see it for myself before I take it to my partners.
Can someone give my wife and me a run through of the program?
I'm not paying for anything until I've watched it work.
I don't sign a thing till I've seen it going.
Could somebody take me through your scheduling software?
A mate of mine uses your stuff and I'd like to have a gander at it.
Is there a way to try it for a fortnight?
Can we have it on trial for a month?
Is there a test version we could play with?
I'd like to play around with it for a few days before I decide.
My team would like an online session where you present the features.
We want to evaluate your product and would like to see it live.
Kindly arrange a demonstration for our team.
We are having three vendors on the shortlist and want to see each product.
Would it be possible to arrange a presentation for our directors?
You people were supposed to show us the module.
One of your colleagues promised me a walkthrough at the trade fair.
I was hoping you could give us a little tour of the app.
I'd be interested in a live demo.
I'm calling to set up a demo for the office staff.
I was told to ring you for a demonstration.
Could you fit us in for a demo next week?
When's the soonest somebody can show me the app?
I wanna see it in action.
Show me what it does, would you?
How would I go about getting a demo?
Do y'all do demos?
Can y'all show me that thing?
I saw the video on your site and I'd like to see the real thing.
We're in the market for something like yours and want to have a look.
It would be great to see how the booking part works in real life.
I'm keen to see whether it would suit a small shop like mine.
We'd like to trial it in one of our branches.
I know what it costs, I just want to look at it.
I'd like a proper look at your planning tool.
We need someone to demonstrate the sign in tablet.
I'm after a demo of the crew app.
Would someone be able to come and do a presentation at our school?
I want my partners to see what the system can do.
Could I get a sneak preview?
We'd like to sit in on one of your demo sessions.
Can I sign up for a guided tour of the platform?
He asked me to book a demonstration of your dictation product.
My boss would like to see a demonstration.
She'd like somebody to go over the software with her.
I'm ringing to arrange a product demonstration for the litigation team.
Could we see the warehouse module, the one with the scanners?
I want to get a feel for it.
I'd like to see whether it does what it says on the tin.
Could you put me in touch with somebody who can present it?
Before I go to the board I want to try it out.
Is there like a free trial or something?
Do you have a demo account I could use?
Quería ver si nos pueden mostrar el sistema.
Queríamos ver si nos podés mostrar el producto.
Me gustaría ver cómo funciona su sistema de caja.
Quiero que alguien me lo enseñe antes de comprarlo.
Que alguien me lo muestre, pues.
Queremos concertar una demo del programa de almacén.
A ver si nos encaja, nos gustaría verlo funcionando.
Lo que quiero es una prueba gratuita.
¿Se puede probar gratis unos días?
¿Me lo pueden enseñar por videollamada?
Quisiera una demostración para mi equipo.
Llamo para agendar una demo.
¿Podría alguien venir a presentarnos la herramienta?
Nos interesa conocer el programa antes de decidir.
Me contaron maravillas de su aplicación y me gustaría verla.
¿Cuándo me pueden dar una demostración?
Quiero verlo en acción antes de soltar un peso.
Mi socio y yo queremos que nos presenten el producto.
¿Tienen una versión de prueba?
Would you have somebody who could give us the grand tour?
I keep hearing about your calendar and want to know if it's for us.
I wanna mess around with the app for a bit before I buy it.
Our trustees simply wish to see how the tool behaves in practice.
Let me have a go at it first.
I'd want to kick the tyres before I commit.
Could you walk our nurses through the charting part?
Somebody should come and show my crew how it goes.
I'd like you to show my partner what you showed me at the fair.
A chap from your office said he would come and demonstrate it.
It's the ordering app I'd like shown to us.
I'd like to see the booking screen before I say yes.
Seeing is believing, so when can I see it?
My sister uses it and I'm curious to have a look myself.
We'd like that demo now.
I was offered a demo last month and I'd like to take you up on it.
Can we get someone on a video call to take us through it?
I'd love for the whole team to sit through a presentation.
How do I sign up for the trial?
Is there any way to test drive it?
Could I borrow a login to poke around?
I'd like my bookkeeper to have a play with it.
Would you do a little show and tell for our committee?
I'm shopping around for a booking system and yours looks good, can I see it?
We're opening a second branch and need a new till system, could you come and present yours?
I think we'd be a good fit but I need to see it first.
Can you demo the payroll module for us?
I'd like to arrange a time to look at your platform together.
Our board wants to meet your people and see the product.
We are keen on a hands on session.
Could we visit a place where it's running?
I need to see whether it can handle three kitchens.
Please book me in for one of your introductions.
Who can show us how the stock part works?
I read the brochure, now I want the real thing.
I'd be glad of a look at it.
Me gustaría que me lo enseñaran en persona.
Quisiera verlo trabajando.
¿Cuándo pueden venir a mostrármelo?
Antes de contratar nada quiero verlo.
Estoy interesado en su programa, ¿me lo puede enseñar alguien?
¿Hay forma de probarlo antes?
Me dijeron que hacen demostraciones por internet.
Quiero que le enseñen el sistema a mi equipo.
Necesito una cita para ver el producto.
¿Me pueden dar acceso a una cuenta de prueba?
Quiero conocer la herramienta antes de firmar.
Andamos buscando un sistema y queremos ver el de ustedes.
I ain't buying blind, can one of you run me through it?
Would it be possible to sit down with somebody and see it?
A fellow beekeeper told me about your software and I'm intrigued.
Could you let me have a go at the planner before I put my hand in my pocket?
We're thinking of changing our appointment system and I'd be keen to have somebody demonstrate yours.
Me gustaría que me lo explicaran paso a paso.
Vi su anuncio y me interesa, ¿me lo pueden enseñar?
Quisiera sentarme con alguien a ver el sistema.
Could one of your reps drop in and let us see it?
I want to watch somebody use it.
I'd like to see how you would set it up for a clinic.
I'd like my ticket desk to get the full show.
Somebody should give me a call about showing me the tracker.
I'd love to try the planner with my own timetable.
Is there somebody who could pop by and let us try it?
¿Podría trastear un poco con el programa?
Our members keep asking for an app and I wonder whether you'd give us a peek at yours.`,
		pricing: `
I just want a number.
Just give me the number.
What's it going for these days?
How much is it going for?
How much more is that than what we have now?
Is it per person or is it a flat rate?
Do you charge by the head or by the month?
I can't make head or tail of the tariffs on your website.
I can't find any prices on your website.
What would you charge to come out and install a second one?
I'd be obliged for an estimate.
I'm after a price for twenty two shops.
I'd like a written quote for two hundred seats.
Could you put that in writing for us, with the price per seat?
My boss needs figures in black and white.
My manager wants to see the numbers before he decides.
I need something on paper with the total on it.
We need a figure for the budget by Friday.
Kindly tell me your best rate for ten users.
Please share the pricing details.
What is the rate for bulk orders?
My current provider just put their rates up.
I want to know what you charge, and if it's less I'll switch.
If we moved up to the bigger plan, how much would that be?
How much would you want for the whole lot?
What kind of money are we talking about?
What sort of budget would I need?
What's the going rate?
What's the difference in price between the two plans?
Does it cost anything for two people?
Is there a discount for charities?
Do you do any kind of deal for schools?
Is the price the same if we pay monthly?
Do you charge less if one pays for the year up front?
Is there a setup fee or anything hidden?
Are there any extra costs I should know about?
How much do you charge for the roastery version?
Would it break the bank?
Can I get that in writing?
Could you e-mail me your price list?
Can you send me some figures?
Please send the quote to my e-mail.
I'd like an offer for forty desks.
We've got about forty desks to kit out and I need a proposal.
How much for a team of twelve?
What does the starter package run to?
I've sat through enough demos, I just want the price.
No presentation please, only what it costs.
I'm ringing round for quotes.
I'm getting prices from a few companies.
Can you do me a better price than that?
That's too dear, have you anything cheaper?
What would it be per vehicle?
How much is the yearly plan?
Would you be cheaper than what we pay now?
I'm trying to work out whether we can afford you.
I wanted to ask about the cost of the enterprise license.
¿Como cuánto sale al mes?
¿Cuánto me saldría el abono para dos cajas?
¿Y pagando el año entero?
¿Más o menos en cuánto sale?
¿En cuánto me lo dejan?
¿De cuánto estamos hablando?
¿Qué tarifas manejan?
Necesitaríamos un presupuesto para unas cuarenta licencias.
¿Me podrían mandar una cotización?
Ya lo conozco, nada más quiero el precio.
Le hablo para pedir un presupuesto.
Quiero saber qué precio tiene para una empresa de veinte.
¿Hacen descuento si pago por adelantado?
¿Cuánto cuesta la mensualidad?
Solo quería preguntar por los precios.
¿Es muy caro?
¿Me pasa los precios por correo?
Me interesa saber cuánto me costaría para tres locales.
¿La instalación se paga aparte?
Our committee won't decide anything until they see the sums in writing.
My director asked me to collect three offers.
Yours should be one of the offers.
What's it gonna run me for fifteen trucks?
I'm just after the cost of adding ten more licences.
What would you want for a licence for a one man band?
What does the small one cost per month?
Tell me the price straight.
I need to know the bottom line.
How much would we be in for?
What would it come to with the extra module?
Can I have a breakdown of the costs?
My accountant wants to know what it'll be a year.
We need a tender for the whole building.
Could you put together an offer for us?
I'd like you to quote for six locations.
We're in the middle of budgeting and need your prices.
Are your prices on the website still right?
Is there a cheaper one?
What do others our size pay?
I'd like to know the price before I waste your time.
How do you bill, by the seat or by the month?
What's the minimum spend?
Would two hundred a month cover it?
Is training included or does that cost more?
Do I pay for the hardware on top?
Do students get it cheaper?
What happens to the price after the first year?
I got your flyer but it doesn't say what it costs.
Do you have a price for churches?
We can only spend so much, what have you got?
What would three of those scanners be?
How much is shipping on top of that?
I'd like to compare your price with what we pay today.
If I pay the whole year at once, is it less?
Send me an offer and I'll look at it.
Could you mail us a proposal with all the options?
I need something official with the price on it for my purchasing department.
It's only the price I'm ringing about.
What's your hourly rate for installation?
Quiero saber cuánto sale el plan chico.
¿Qué precio me da por diez licencias?
¿Cuánto nos saldría para tres sucursales?
¿Tienen un plan más económico?
Mi jefe quiere ver números.
Necesito la propuesta por escrito.
¿Cuánto me cobran por instalarlo?
Estoy pidiendo presupuestos a varias empresas.
¿Se paga por mes o por año?
¿Cuánto viene saliendo?
¿Me manda una oferta por correo?
Hábleme de precios.
¿Incluye el soporte o se paga aparte?
I have to hand in a budget on Thursday and have nothing from you yet.
We need twenty licences for two years.
The owners want to know what they're in for.
What do you sting us for per van?
I'm putting together next year's budget and your system should be in it.
I need an amount I can give to my treasurer.
Do you have an educational rate?
Every penny counts with us, so what is the cheapest way in?
Who do I talk to about getting an offer for fifty seats?
I was going to ask for a demo but now I only want the price.
We've seen it already, it's only a matter of money now.
What would we pay for two shops?
Do you have a price for the whole chain?
Our purchasing needs an offer from you by the end of the month.
I'd like a rough idea of the outlay.
We've two other bids and want yours.
Give me a price for five.
How does your pricing work?
Para el consejo necesito saber en cuánto nos saldría.
Somos treinta, ¿cuánto sería?
Necesito una cifra para el presupuesto del año.
¿Me calcula cuánto sería para veinte personas?
Ya vi el sistema, ahora dígame cuánto es.
If I only use it in summer, do I have to pay all year?
The bank wants to know what it will set us back.
¿A cuánto tienen la licencia por puesto?
Your website says contact us for pricing, so I'm contacting you.
What kind of deal can you cut me?
¿Qué vale el programa para un bar?`,
		support: `
The label printer you sent us is spitting out blank labels.
My receipt printer has given up the ghost.
Our card terminal's dead as a doornail.
The scale lost connection to the till.
It just flashes at me and then nothing.
I've turned it off and on a hundred times.
I've locked myself out.
The reset mail never comes.
It says too many attempts.
I've gone and forgotten my password.
My account's been suspended and I haven't a clue why.
You've charged me twice for July.
I'm looking at my bank statement and there's a charge I don't recognise.
It's about a bill you sent us that isn't ours.
We got an invoice for something we never ordered.
The invoice has the wrong address on it.
I need a corrected invoice.
I'm waiting on a parcel these ten days.
There's no sign of my parcel.
I'm still waiting for my vases, they were to come yesterday.
You promised me my money back three weeks ago and I've seen nothing.
I ordered two card readers and got a box of coffee filters.
What I got isn't what I ordered.
Half of the order is missing.
The desk you delivered is missing all its screws.
My tablet showed up with a cracked screen.
It came like that, I didn't drop it.
Your app crashes every time I open the calendar.
The system is hanging since yesterday, we click and it goes round and round.
A whole week of bookings has vanished from the system.
After your update every contact is there three times.
My e-mails don't sync any more.
On our phones there's this awful echo.
Your scanner's smoking!
There's smoke coming out of it.
The thermostat you put in won't go below eighty.
Your snack machine ate my money again.
My payment won't go through, it gets declined.
It keeps saying error 52.
I've been trying to change my payment card on your site for an hour.
I'm trying to add a new employee but I don't find the button.
How on earth do I get my customer list out into a spreadsheet?
How do I change the language of the program?
I can't figure out how to print the report.
Where do I click to export it?
How can I add a second user?
Is it supposed to make that noise?
I want to speak to a manager, nobody calls me back.
This is the fourth time I call about this.
Nobody has come out to fix it.
Your technician left and it's still not working.
The screen goes black in the middle of a sale.
My card reader won't connect to the wifi.
It's beeping and I don't know why.
The drawer of the till is stuck.
The battery doesn't last an hour.
It won't switch on.
It won't hold a charge.
It's leaking all over the counter.
There's water everywhere.
It rattles like an old tractor.
Somebody please help, we're closed until it's fixed.
I sent them back a month ago and I'm still waiting for my refund.
You delivered the wrong chairs.
My subscription was renewed although I had cancelled it.
I'd like to cancel my subscription.
It's still under warranty, isn't it?
I need help with the thing I bought from you.
I'd like to complain.
I'm not happy with what I got.
It worked fine last week and now it's dead.
We can't get into the system and we've a queue out the door.
It's not accepting my code.
The link you sent me doesn't open.
I get a blank page.
The numbers in the report are all wrong.
The door won't lock.
It keeps dropping the connection.
Kindly do the needful, the machine is not working since morning.
My machine is giving some error.
The portal keeps telling me my password is no good.
La impresora que me mandaron ya no jala.
Prende y se apaga solita.
Me cobraron dos veces lo mismo en la tarjeta.
Me ha llegado el monitor con la pantalla hecha añicos.
Quiero que me lo cambien, llegó roto.
Se nos cayó el sistema y tengo el local lleno de gente.
Llevo dos semanas esperando un pedido y aquí no llega nada.
Me dice que la contraseña es incorrecta.
No puedo entrar al sistema.
Hace un ruido rarísimo y ya ni muele.
La máquina no anda desde ayer.
Se me trabó la caja y no puedo cobrar.
No encuentro el botón para dar de alta a un empleado.
¿Cómo le hago para imprimir el reporte?
¿Cómo cambio la contraseña?
Me facturaron algo que no pedí.
El aparato se apaga a cada rato.
Vengo con una queja.
El técnico nunca llegó y la cosa sigue igual.
Todavía estoy esperando mi reembolso.
Me mandaron otra cosa.
No me llega el correo para entrar.
La terminal no lee las tarjetas.
Necesito que alguien me ayude con el programa.
It trips the electrics every time I plug it in.
None of our tills want to talk to the printer this morning.
Now all the letters are tiny, how do I make them bigger?
It hasn't turned up.
There's two payments to you on my statement and there should only be one.
The screen on the counter has gone all green.
The tablets reboot by themselves all day long.
The invoices come out with last year's logo and I can't see where to change it.
The reader arrived without a cable.
Something's up with the software.
It eats my cards.
It won't let me finish the order.
The handle snapped off the second day.
The lights on the box are red and nobody can work.
It used to be quick and now it takes forever.
I pressed something and now everything's in German.
The thing froze on me in the middle of a sale.
I lost all my data.
The receipts come out blank.
It doesn't ring any more when somebody calls.
My customers can't pay.
I was supposed to get a new one last week.
You sent it to the wrong address.
It was the wrong size, I want to send it back.
I want my money back.
You took money from my account without asking.
Why was I billed after I cancelled?
The discount isn't on my invoice.
I never got a receipt.
The warranty people told me to ring you.
I need a new part for my machine.
It smells like burning.
It makes a terrible racket.
I can't hear anybody on the other end.
They can hear me but I can't hear them.
The password you gave me doesn't do anything.
I've no idea how to set it up.
How do I connect it to the network?
Where do I find the invoices from last year?
Is there a trick to getting the lid off?
I don't understand what the message means.
What does the orange light mean?
Can you tell me how to turn off the alarm?
How do I undo a payment?
How do I get my old messages back?
I deleted something by mistake.
Your delivery man left it in the rain.
It's the second one that's broken.
Nobody can log on since the weekend.
The calendar doesn't show my appointments.
The app says I have no permission.
The site is down.
I got an empty box.
There's a piece missing.
It's stopped again.
It doesn't do what it's supposed to.
My phone line is crackling.
The camera is all blurry.
The fingerprint reader doesn't know me any more.
The clock on it is an hour off.
It prints everything twice.
I've had no internet since breakfast.
The door opener hums but nothing moves.
I'd like to close my account.
Please cancel my order.
El lector que nos llegó viene sin cable.
No me imprime los recibos.
Me aparece un error raro.
Se borró todo lo que tenía.
La pantalla se quedó congelada.
Me llegó el equivocado.
Falta la mitad de mi pedido.
Nadie puede entrar desde el lunes.
Me hicieron un cargo que no reconozco.
No sé cómo configurarlo.
¿Qué significa la luz naranja?
No sale el sonido.
La app me saca a cada rato.
Quiero que me devuelvan mi dinero.
Se descompuso otra vez.
Compré uno y salió malo.
No me ha llegado la factura.
El paquete nunca apareció.
Cada vez que la conecto se va la luz.
La máquina me da error.
Ya van tres veces que les hablo por lo mismo.
The humidity sensor that you delivered shows always zero.
The turnstile isn't reading anybody's card.
The little machine asks for a code and I've no idea what that would be.
I cancelled my order within the hour and you've still taken the money.
The new phones should have come last Friday and nobody came.
My dashboard shows last month's numbers and won't refresh.
I closed my shop and don't need your service any longer, please end my contract.
The jug arrived in three pieces.
I'd like a new one, please, this one's broken.
You sent an invoice for twelve and we only had ten.
The chat window is gone.
The barcode reader only beeps.
Where do I press to get the daily report?
Which button is it to close the till?
How do I get the old view back?
I can't find where to enter the discount.
¿Dónde le pico para sacar el reporte?
No le hallo cómo cerrar la caja.
¿En qué parte cambio el precio de un producto?
La pantalla táctil ha dejado de responder.
No me lee el código de barras.
Quiero dar de baja el servicio.
Los teléfonos nuevos no han llegado.
I get billed for a line we gave up in January.
I keep getting letters demanding money I already paid.
The app wants a code that goes to my old phone.
Our scales are weighing everything twice as heavy.
Nos quedamos sin línea y no podemos cobrar.
I was promised a call from your technician and nobody rang.
You've got me paying for two accounts.
I only ever opened one account.
The kitchen screen's black.
Till's dead.
Help.
No power in the whole unit.
The drawer opens by itself.
My customers get their reminders in the middle of the night.
Can I alter that myself?
What's become of my order?
The fridge you fitted is warm.
La báscula que me trajeron pesa de menos.
Se abre sola la caja.
Se me borraron los clientes.`,
		reschedule: `
Your chap's due here Tuesday but I've a christening.
Would it be an awful bother to make it later in the week?
We've got a demo in the calendar for this afternoon but half my team is down with the flu.
Can we push it back a week or so?
I'd like to have it sooner, if somebody cancelled.
I'd like an earlier appointment if there is one.
I'm meant to be seeing your colleague tomorrow and I can't make it.
We've a training session booked for the staff on the 6th and I need to change the date.
I've a meeting with one of your people on the 18th and I need another day.
Somebody's supposed to come collect my old printer on Thursday and I won't be home.
Could we do the weekend instead?
Your man was to be here at eight and I have to leave for work, you'll have to come another time.
Your engineer is visiting us on Monday but Monday is a holiday for us.
Can it be preponed?
Can you prepone my appointment to this week?
I'd like to shift my appointment from Wednesday to another day.
We're on for four fifteen today, right? Something came up.
Could we do tomorrow, same time?
I've an appointment with you for Monday but I have to go to a funeral.
Could we move it to Wednesday?
You've got a fitter coming out to me on the 9th and we'll be away.
Any chance of pushing it back to the Thursday after?
I need to put off our call.
I have to cancel our meeting on Friday.
I can't keep my appointment.
We were due to meet this afternoon, but I'm stuck at the airport.
The technician is coming between eight and noon and that's no good for me any more.
Is there any way to swap my slot for a later one?
I'm booked in for Tuesday and I'd rather come on Wednesday.
I need to push our session to next month.
I'm double booked on Thursday, can we find another day?
My daughter's poorly so I'll have to rearrange.
Can we rearrange?
I'd like to rearrange the visit.
I have a demo booked for tomorrow at ten and need to change it.
It's about my appointment on Monday, I won't be there.
Could the installer come in the afternoon instead of the morning?
I've a clash and need to shift our meeting.
Would you be able to fit me in earlier?
I'm afraid I won't manage it on Thursday.
Tengo cita con el técnico mañana pero me salió un compromiso.
¿Será que me la pueden cambiar para el viernes?
Teníamos una reunión el lunes y no voy a poder.
¿La podemos aplazar?
Necesito correr el turno del técnico.
El lunes se me complica.
Quiero mover mi cita a otro día.
No voy a estar en casa cuando venga el técnico.
Me tocaba el martes pero no puedo.
¿Habría chance de recorrerla una semana?
¿Podemos vernos otro día?
Tengo que cancelar la visita del jueves.
Necesito cambiar la hora de la demo.
¿Se puede adelantar la visita?
Mañana me es imposible, ¿puede ser pasado mañana?
Llamo para anular mi cita.
Quedamos para el miércoles y no me viene bien.
I've a call pencilled in with your colleague at two on Wednesday, but I'm going to be on a plane.
There's a fitter booked to come to us tomorrow, could you call him off?
The technician comes on Thursday but I have to work, could he come another day?
We said Tuesday, but my partner can't make Tuesday.
I forgot I have the dentist on Monday, can I come later?
Is it too late to change my slot?
Something's come up at work and I won't be there.
I need to postpone what we had planned for Friday.
Would you mind terribly if we met an hour later?
My train's late, can we start at eleven instead of ten?
Could you put me down for another day?
The 14th doesn't suit after all.
We have to be out of town that day.
I won't be in when they come.
Let's do it some other time.
Can we bring it forward?
I'd like to come in earlier than planned.
Your people are coming tomorrow and the shop will be closed.
Can your guy come Thursday instead?
I got a text that you're coming on Friday, but Friday's no good.
We had a meeting set for three o'clock, can we make it four?
I've to cancel tomorrow.
I'm sorry, I have to call off our demo.
Could the delivery come a day later?
My demo is on Wednesday and I've been called away.
I can't do the time you gave me.
I was given the 5th but I need the 12th.
Can I change the day of the installation?
I need to shift tomorrow's training.
We need to find a new time for the visit.
El técnico viene el jueves pero me toca trabajar, ¿no podría venir otro día?
Se me olvidó que ese día no estoy.
¿Podemos dejarlo para la semana que viene?
Ya no puedo el martes.
Me avisaron que venían mañana y no voy a estar.
Quedamos a las tres, ¿podría ser a las cuatro?
Quisiera mover la demo que teníamos.
Hay que cambiar la fecha de la instalación.
Se me cruzó otra cosa a esa hora.
¿Me la pueden pasar para después?
Necesito posponer nuestra cita.
I'm down for a demo on Tuesday but I'm in bed with a fever.
Thursday would do me instead.
I have a slot with your consultant on the 21st and I just noticed it's my daughter's graduation.
You're meant to be putting in my new till on Tuesday but the electrician has let me down.
Any other day?
We were to have our demonstration tomorrow, but the projector has died.
I've got you in my calendar for ten, could it be eleven?
I'm booked for the demo at four, and my car won't start.
Our demo clashes with a funeral.
Would another date be possible?
Is there a free slot some other day?
I'm not going to be able to do our three o'clock.
I'm held up, could your man come a bit later?
Tenía una demostración mañana y me ha salido un viaje.
¿Me dan otra fecha?
Tenemos la demo el lunes pero mi jefe no puede.
Estoy enfermo y no voy a llegar a la cita.
¿Hay lugar otro día?
La visita del técnico me cae muy mal el martes.
About tomorrow's meeting, can you do Wednesday?
It's about our appointment tomorrow.
Can you do Thursday instead?
I got a letter that somebody comes on the 3rd, and I'm shut that day.
Me dieron el jueves pero me cambiaron el turno en el trabajo.
You were coming to show us the system on Friday but the whole office is ill.
They were coming to install it tomorrow, but we've no electricity.
Your technician is due at noon and I'm stuck in traffic.
Is Tuesday any good?
Al final no me interesa la reunión, bórrela.
Ya no voy a necesitar la cita.`,
		general: `
Till when are you guys open today?
I want to drop off a card. Where do I find your office?
Would you be open on the bank holiday at all?
Do you have anybody in the office who speaks Mandarin?
I wanted to ask if you've any jobs going.
I'd like to know if there's anyone on your hotline on weekends.
Would you happen to have a fax number?
May I know since when your company exists?
I'm coming to your open day and I'm in a wheelchair. Is there a ramp?
What time do you close?
What are your opening hours in August?
Are you open over Christmas?
Is there somewhere to park?
Can I pay by cheque?
Which bus stops near you?
Do you have a shop where I can have a look around?
Who is your data protection officer?
What's the name of your managing director?
Do you deliver to Alaska?
What's your postal address?
What's your website called?
What is the best e-mail to send an application to?
I'm writing an article about your company for a magazine.
I'm doing a school project about your company.
Do you sponsor sports clubs?
Do you work with resellers?
Do you have an office in Texas?
How many people work for you?
Does your system run on a Mac?
Does it work with Windows?
Is your software available in French?
What countries do you ship to?
Are you a family business?
I found a wallet in front of your building.
Can I pick up a parcel at your office?
Is the showroom open on Sundays?
Which entrance should I use?
I just want to know how late you are there.
I just have a quick question.
Could you put me through to accounts?
Can I speak to human resources?
I'd like to talk to somebody in purchasing.
Could you connect me with the press office?
Who would I talk to about a sponsorship?
Do you recycle old machines?
What does your logo mean?
I wanted to know whether you take gift cards.
Do you accept returns in the store?
Is your hotline free of charge?
How do I get to you from the station?
Is this the right number for the press office?
Are dogs allowed?
Do I need an appointment or can I just walk in?
¿Hasta qué hora abren hoy?
¿Y los sábados?
¿Dónde están ustedes exactamente?
¿Tienen estacionamiento?
¿Abren en días festivos?
¿Aceptan efectivo?
¿Hay alguien que hable inglés?
¿Tienen vacantes?
¿A dónde mando mi currículum?
¿Cómo llego a su oficina desde el centro?
¿Atienden los domingos?
¿Cuál es el correo de recursos humanos?
¿Trabajan con empresas de otros países?
¿Desde cuándo existe la empresa?
Solo una pregunta rápida.
¿Me comunica con contabilidad?
Quería hablar con alguien de recursos humanos.
¿Me puede decir la dirección de la oficina?
¿El programa funciona en Mac?
If I drive over now will I still catch you?
I've no idea how late you stay.
I wondered if you take on interns.
Does your program run on a Mac, or is it Windows only?
Is there anybody in the office between the holidays?
Which floor is your office on?
Do you do business in Europe?
I'd like to send you something, what address do I use?
Can I drop something off?
Who's in charge of press at your place?
Do you still make the old model?
Have you got a branch near the airport?
What day is your open house?
Are you the same company as the one in Denver?
Do you have a newsletter?
How big is your company?
Is your building easy to reach by bus?
May I come by without an appointment?
Do you speak Portuguese there?
Do you take apprentices?
Is your office open at lunchtime?
What's your fax?
What time zone are you in?
Can I visit your showroom at the weekend?
Where did you move to?
Is it true that you moved?
Can you tell me who your founder is?
Which credit cards do you take?
Does it come in other colours?
Do I need the internet to use it?
Is my data stored in this country?
How long have you been around?
When does the sale start?
What's the name of the lady who runs the office?
¿Trabajan el sábado por la mañana?
¿A qué hora los encuentro?
¿Hay alguien en la oficina hoy?
¿Tienen oficina en el norte?
¿El programa funciona sin internet?
¿Reciben practicantes?
¿Cómo llego en metro?
¿Puedo pasar sin cita?
¿Cuál es el número de fax?
¿Dónde se estaciona uno ahí?
¿Hasta cuándo están abiertos?
¿Hablan inglés?
¿Qué días atienden?
I'm posting you a letter and I'm not sure of the zip code.
What's your zip code?
Who handles press enquiries?
I'm a journalist and would like to talk to somebody.
Who deals with complaints about your vans parking on our street?
Do you take walk-ins or is it appointment only?
What should I write on the envelope?
Could you tell me who to send my application to?
Can you give me the name of your finance director?
I'd like to know whether you have a branch in my town.
What number do I call at night?
Do you have a wheelchair ramp?
Are you hiring drivers?
¿Cuál es el código postal?
¿Con quién hablo para temas de prensa?
¿Atienden sin cita?
Do you also make things for hospitals?
Is this only for shops, or for restaurants too?
Do you serve private people as well?
Is your place near the station?
My driver can't find you.
Do you have anything for schools at all?
What kind of companies do you work with?
Do you shut for lunch?
I'd like to bring an old machine for recycling, do you take those?
Do you close in summer?
Are you there all day?
¿Cierran al mediodía?
¿Es verdad que se mudaron?`,
		wrongNumber: `
One large pepperoni and a side of garlic knots for pickup.
I'd like to order two large pizzas.
A table for four at eight, please.
I want to order some flowers for a funeral.
Is that you, Kevin? It's Nan.
Mum? It's me.
Hi honey, I'm running late, can you put the dinner on?
I have a root canal at ten, I'm running late.
I'd like to make an appointment with the doctor.
Is it not the dental clinic?
Is this the county library?
May I speak with the lady in the flower department?
Isn't that the garden centre?
Then I've dialled wrong, pardon me.
Ah, my fat fingers.
I must have pressed the wrong one.
I got the wrong number.
Oh shoot, wrong number.
Could you send a taxi to the station?
Can I get a cab?
I need a haircut on Saturday.
Is this the vet?
I'd like to renew my library book.
Can I talk to my son, he's in room twelve?
Sorry to have bothered you.
I was looking for the school.
That's odd, this is the number on the card.
I'm calling about my test results.
Is my prescription ready?
Hola, ¿la peluquería?
Uy, perdone, me he equivocado.
¿Está mi hijo por ahí?
¿No es la casa de la señora?
Quería pedir una pizza grande.
Un taxi a la estación, por favor.
Quería una cita con el doctor.
¿Es la tintorería?
Ay, disculpe, marqué otro número.
No es ahí, perdón.
¿Hablo con la escuela?
Mijo, soy tu tía.
I'm calling about the two bedroom flat, is it still going?
Is this the number for the swimming pool?
I'm calling for my test results from the doctor.
Hello, is the plumber in?
Two cheeseburgers and a cola, please.
Do you do men's haircuts?
Hi Grandma, it's me.
Sorry, I thought I was calling my bank.
You're not the garage, are you?
I'd like to book a table for tonight.
Is that the surgery? I need to see the nurse.
Can you put me through to room 212?
What, this isn't the cinema?
Who's this? I wanted my brother.
Is Bob there?
This isn't the hotel?
I want a taxi.
Oh, I think I've the wrong people.
My mistake.
¿Me manda tres tortas?
¿Es la veterinaria?
¿Está la señora de la casa?
Hola abuela, soy yo.
¿No es el consultorio del doctor?
Quería hacer una reservación para cenar.
¿Ahí arreglan llantas?
Ay, perdón, creí que era mi hermana.
¿Cuál número es este?
I need a repeat prescription.
Darling, can you pick up milk on the way?
You're not Steve.
Is that the doctor's office?
¿Está el licenciado?
¿Me comunica con la señora Carmen?
I'm calling about the car you have for sale.
Is my laundry done?
Hello, Dad?
I'd like to change my eye test.
Can you put me through to ward seven?
How silly of me.
Is that the school nurse?
Is Tony there?
Tell him I called.
Quería pedir hora para cortarme el pelo.`,
		spam: `
We've been trying to reach you concerning your vehicle's extended warranty.
Your coverage is about to expire.
You have been selected to receive a free five day cruise.
All you need to do is pay the port taxes.
This is an important message from the tax department.
There's a warrant out for your arrest.
To avoid legal action, press 1.
It's about your business listing on the internet, which isn't verified.
We can get you on the first page of the search results.
I am calling from the technical department of Windows.
Your computer is sending us many viruses.
Give me the remote access code.
You've been pre-approved for a government solar panel program.
You qualify for zero percent interest on your credit card balances.
Press 9 to be removed from this list.
To be removed from our list, press two.
Your business has been pre-approved for a low interest loan.
Stay on the line to claim your funds.
This offer expires today.
I'd like to tell you about a great opportunity for your business.
We help companies like yours save on their energy.
I'd like to introduce our cleaning services.
We can lower your card processing fees.
Who decides about your phone contracts?
We're doing a short survey, you could win a gift card.
We supply toner at half the price.
I'm calling about your Google listing.
Would you be interested in advertising in our magazine?
We are a marketing agency and can bring you more customers.
Have you been in an accident that wasn't your fault?
Your bank account has been compromised, please confirm your number.
Your package could not be delivered, press one to pay the fee.
Invest in crypto and double your money.
You have won a prize, congratulations.
We have an exclusive offer for business owners.
Your social security number has been suspended.
I can get you funding within a day, no credit check.
I work with candidates you might want to hire.
We buy houses for cash.
Would you like to sell your business?
Can I talk to whoever handles your insurance?
We offer staff training at a special rate this month.
Don't hang up, this is not a sales call.
I'd like to show you our new product.
We'd love to give you a demo of our platform, it's a special price this month.
Our company offers panels, alarms and windows at a special rate.
I'm with a company that helps businesses like yours.
I represent a supplier of office coffee.
Usted ha sido seleccionado como ganador de un viaje.
Para reclamar su premio, oprima 1.
Le ofrecemos un préstamo sin papeleo.
Le llamo de su compañía de luz para bajarle la factura.
¿Quién se encarga de los contratos de teléfono?
Tenemos una oferta exclusiva para su negocio.
Podemos poner su página en el primer lugar de Google.
Su computadora tiene un virus.
Queremos presentarle nuestros servicios de limpieza.
No cuelgue, tiene un crédito preaprobado.
Somos una agencia de marketing y le conseguimos clientes.
Le interesaría invertir en criptomonedas.
We're calling local firms about cheaper broadband, and there's a deal that ends tonight.
A payment will be taken from your account, if you did not authorise this, press 2.
We have land with financing and a special price only for today.
Am I speaking to the owner?
Am I speaking with the business owner?
Your domain is about to expire, pay now to keep it.
This call is about your electricity contract.
I can offer you a much better rate on your phone lines.
Our records show you qualify for debt relief.
Let me tell you about our amazing investment.
Our company can double your sales.
We design websites, yours looks a bit old.
We've helped dozens of companies in your street to save on gas.
Do you have two minutes for a wonderful offer?
I'm calling from the tax office, you owe money and will be arrested.
Your account will be closed unless you confirm your card.
This is an automated call.
To speak to an agent, press 1.
Hello, this is the warranty department.
We're giving away a free holiday.
Would you like cheaper insurance?
I sell office supplies, can I send you a catalogue?
We're offering free solar panels.
You could be owed thousands in compensation.
We place software developers, do you have vacancies?
Your Windows licence has expired.
There is a problem with your computer, we are from the support of Windows.
Can I interest you in a new coffee machine for your office?
It's about the merchant account, we can lower your rates.
Le hablo de parte de una inmobiliaria, tenemos terrenos.
Tenemos un precio especial solo por hoy.
Le llamo del banco para ofrecerle una tarjeta.
¿Hablo con el dueño del negocio?
Su línea será suspendida, marque 1.
Le regalamos un viaje.
¿Le gustaría pagar menos de luz?
Vendemos productos de limpieza para oficinas.
Le podemos ofrecer internet más barato.
Hemos detectado un problema en su cuenta bancaria.
We're helping companies just like yours get more leads.
I'd love fifteen minutes of your time.
We've got tariffs you won't believe.
Your subscription to the antivirus has been renewed, to cancel press 1.
I'm with a marketing firm and wanted to tell you about our services.
Are you happy with your current energy supplier?
We're in your area this week fitting windows.
Somos una empresa de publicidad y queremos ofrecerle más clientes.
I'm calling from a directory to confirm your entry.
It's only a small fee for the whole year to be listed.
This is a courtesy call.
Your home may qualify for a free upgrade.
Llamo de una nueva compañía de teléfono.
We supply machines all over the region and have a fantastic promotion this month.
Would your manager be around?
Unusual activity was found on your card.
This is a message from your bank's security team.`,
		voicemail: `
Give me a ring when you get a chance, would you?
Call me back when you can.
Call me whenever.
It's only me, I hate these machines.
I'll try you again later.
I'm returning a call I had from you this morning.
I had a missed call from this number.
You rang me earlier, I'm returning your call.
Phone tag, you're it!
You've got my number.
Please call me back at your convenience.
I'm at my desk until five.
Could somebody ring me back?
Please have somebody call me.
Just calling to touch base.
It's nothing urgent, I'll ring again tomorrow.
Catch you later then.
I'd rather talk to a person, please call me.
Llámeme cuando pueda.
Devuélvame la llamada, por favor.
Tengo una llamada perdida de este número.
Le marco más tarde.
Me habló alguien de ahí hace rato.
Nada más dejo el recado.
I'll be around until four if anyone wants to catch me.
Ring me back.
I'll explain when we speak.
It's about what we talked about.
I missed you again.
Please get back to me.
I was asked to call this number.
Sorry I missed your call.
I'd rather not say it on a machine.
You know where to find me.
Talk soon.
Just wanted to hear from you.
Estoy hasta las cinco.
Vuelvo a llamar mañana.
Me dejaron un mensaje de que llamara.
Luego le explico.
Espero su llamada.
I believe somebody there was trying to get hold of me.
I'm in all day.
Somebody called me from this number and left no message.
You can get me on this number.
I'd like a call back, please.
Creo que alguien me estaba buscando.
Hello? Oh, it's a machine.
I'd rather tell you in person.
Call me, would you?`,
		chatter: `
Good morning.
Hello, good afternoon.
Hi there.
Hello dear.
How are you doing today?
How's it going?
[NAME_1] here.
Hi, [NAME_1] here from Oak and Iron.
This is [NAME_1].
My name is [NAME_1].
I'm [NAME_1], I own a bakery.
[NAME_1]. [NAME_2].
[NAME_1], from the bakery on the corner.
I run a car wash, four bays.
We're a small animal clinic up by the lake.
I'm a wedding planner, it's just me and an assistant.
We're architects.
I'm with Redline Print, we do banners and flyers.
We've six boats.
I've got eight crews.
It's [EMAIL_1].
My e-mail is [EMAIL_1].
[PHONE_1].
My number is [PHONE_1].
[ADDRESS_1].
Yes, please.
Yes, that works.
That'd be great.
That should be okay.
Perfect.
Lovely.
Cool, thanks.
Sure, go ahead.
Thank you very much.
Thanks a million.
Thanks, bye.
You're a star.
Bye now.
Friday would be good.
Thursday, then.
Let me check my diary.
Monday I'm away.
Mornings are best.
Make it three and we have a deal.
Let us take that.
Okay, I'll wait.
I'll hold.
One second.
Let me see.
Let me find my glasses.
I'm in a meeting till noon.
Tuesday is no good.
That wasn't so hard, was it?
I'll think it over.
I'll talk to my brother.
I'll run it past the boss.
Let me sleep on it.
That's all I wanted.
I see.
No problem, just asking.
No, that's all.
I should hope so.
Good, I'll be waiting.
Most kind.
I'm only joking.
Don't worry, nobody gets it the first time.
A friend of mine recommended you.
Nothing's broken, knock on wood.
Nothing's wrong right now.
We're already customers.
I've been a customer for years.
I know, I know.
Bless you.
Come again?
Can you hear me?
I might be in the wrong department.
I'm not sure if I'm in the right place.
I don't know if this is the right mailbox.
I'm a bit of a dinosaur with computers.
I've got a class in five minutes.
What's the weather like over there?
Who am I speaking to?
Buenos días, señorita.
Hola, buenas.
Hola, ¿qué tal?
¿Cómo le va?
Soy [NAME_1].
Me llamo [NAME_1], hablo de Muebles Rivera.
Habla [NAME_1].
Somos contadores.
Tengo una taquería.
Mi correo es [EMAIL_1].
Sí, por favor.
Sí, perfecto.
Muchas gracias.
Gracias, muy amable.
Estupendo.
Venga, vale.
Dale, buenísimo.
Órale, pues.
Aquí espero.
Lo consulto con mi mujer.
Bueno, lo pienso.
A ver si es verdad.
Eso espero.
Ándele, gracias.
Hasta luego.
El jueves me queda bien.
Por la tarde, mejor.
A lo mejor me equivoqué de opción.
Morning.
With pleasure.
Smashing.
Appreciate it.
I look after the bookings at a hotel.
I do the books for a small theatre.
I'm the treasurer of a choir.
I'm the office manager.
I'm finishing my degree in June.
We've got three vans and a dog.
We're the wine people.
Everything's running fine.
I don't have a problem.
Maybe I pressed the wrong key.
I hope I'm in the right place.
I was put through to you by accident.
My partner spoke to you last week.
I got your number from the website.
I saw your ad.
I'm calling on behalf of [NAME_1].
Sixty two.
Twelve, maybe fourteen.
Eighteen. Huh.
That works.
It would.
That would suit us very well.
Gear, display. Oh!
Ah, there it is.
That's much better.
That's all I needed to know.
Please do, we open at ten.
You can write to [EMAIL_1].
I do. Hang on.
The order number is # # # #.
Well, I never.
Nothing.
Pardon?
What a day.
No worries.
Ta.
Okay then.
I understand.
He's waving at me.
My dog is barking, sorry.
It's raining cats and dogs here.
Never mind.
Whatever.
Wednesday's choir.
Thursday, same time?
Half nine, yes.
Muy buenos días.
Me platicaron de ustedes.
El viernes está bien.
Ese me sirve.
Ah, no está mal.
¿Con quién hablo?
Un segundito.
Es mi socio.
Déjeme apuntar.
No hay problema.
Qué amable.
The # # is my order.
I could indeed.
Yep.
Sweet.
Fair.
Grand.
Go on then.
Right you are.
Wait, please.
Let me try.
I have it here somewhere.
Only three of us.
It's for my mother's shop.
I'm in a hurry.
I'm calling from the car.
Me parece.
Se lo agradezco.
Así está bien.
Not about my invoice this time!
Half an hour later?
A bit earlier, maybe?
About last week.
My husband asked me to ring.
I was at your webinar last week.`,
	} {
		out[c] = append(out[c], eachLine(text)...)
	}
	return out
}

// eachLine is the lines of a text that aren't empty.
func eachLine(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}
