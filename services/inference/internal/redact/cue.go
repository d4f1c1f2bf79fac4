package redact

// Cues are phrases that tell what a number near them is. They are folded; the longest that fits counts.
var (
	cardCues = phraseList("card, card number, credit card, debit card, visa, mastercard, master card, amex, american express, discover, diners",
		"tarjeta, numero de tarjeta, credito, debito")
	otherCards = phraseList("green card, green card number, gift card, gift card number, insurance card, insurance card number, business card, id card, sim card, membership card, member card, loyalty card, rewards card, library card, health card, medicare card, social security card, phone card, video card, graphics card, sound card",
		"tarjeta sanitaria, tarjeta de visita, tarjeta de regalo, tarjeta regalo, tarjeta sim, tarjeta de socio, tarjeta de embarque, tarjeta de presentacion, tarjeta grafica")
	cvvCues = phraseList("cvv, cvc, cvv2, cid, security code, verification code, three digits on the back, three digit code, digits on the back, four digits on the front, digits on the front",
		"code on the back, number on the back, code on the front, number on the front, three numbers on the back, card code, three digit number, four digit code",
		"codigo de seguridad, codigo de verificacion, tres digitos, digitos de atras, cvv es, codigo de atras, numeros de atras, cuatro digitos del frente")
	expiryCues = phraseList("expires, expiry, expiration, expiration date, exp date, exp, expiring, expire, goes out in, runs out in, good until, good till, good to, valid till, valid to, valid until, valid through, good through, good thru, valid thru",
		"vence, vencimiento, caduca, caducidad, expira, fecha de vencimiento, valida hasta, valido hasta, expiracion")
	lastFourCues = phraseList("ending in, ends in, ended in, ended with, ending, end in, ends with, ending with, last four, last 4, last four digits, last four are, last four of, end with",
		"terminada en, termina en, terminacion, ultimos cuatro, acaba en, acabada en, ultimas cuatro")
	phoneCues = phraseList("phone, phone number, telephone, cell, cell phone, mobile, my number, my number is, call me, call me at, call me back, call back, callback, callback number",
		"reach me, reach me at, text me, contact number, home number, work number, a number, best number, area code, fax, reached at, landline, number to reach you, number is best",
		"telefono, celular, celu, fono, movil, mi numero, a que numero, que numero, un numero, llamame, llameme, llamarme, llamen, llamenme, marcar, marcarme, marqueme, numero de telefono, numero de contacto, contacto, whatsapp, localizarme")
	birthCues = phraseList("born, born on, birth, date of birth, birthday, birthdate, birth date, dob, d o b",
		"nacimiento, fecha de nacimiento, naci, nacio, nacida, nacido, cumpleanos, nacieron")
	zipCues     = phraseList("zip, zip code, zipcode, postal code, postcode, codigo postal, c p")
	addressCues = phraseList("my address is, address is, address, i live at, live at, live on, located at, we're at, i'm at, im at, we are at, i am at, deliver to, deliver it to, ship it to, ship to, send it to, shipping address, billing address",
		"home address, street address, mailing address, moved to, moved from, mi direccion es, direccion es, direccion, domicilio, domicilio es, vivo en, vivimos en, estamos en, resido en")
	ssnCues = phraseList("social, social security, social security number, ssn, s s n, itin, tax id, taxpayer id, seguro social, numero de seguro, numero de seguro social")
	idCues  = phraseList("dni, d n i, denei, de ene i, nie, n i e, nif, documento, documento de identidad, identidad, numero de identificacion, cedula, curp, rfc, cuit, cuil, rut, ruc, rif, nit, cpf, ine, pasaporte, passport, passport number",
		"driver's license, drivers license, driver's license number, drivers license number, driving licence, driving license, license number, licence number, driver license, license, licence, license is, license was, licence is, licence was, license number is, licencia, licencia de conducir, licencia de manejo, national id",
		"id number, identification number, medicare number, medicare, medicaid, medicaid number, state id, member id, member number, subscriber id, insurance id, patient id, green card, alien number",
		"national insurance, national insurance number, ni number, nhs number, numero de afiliacion, nss, seguridad social, numero de la seguridad social, tarjeta sanitaria")
	orderCues = phraseList("order, order number, ticket, ticket number, case, case number, reference, reference number, confirmation, confirmation number, confirmation code, invoice, invoice number",
		"tracking, tracking number, account number, booking, booking number, serial, serial number, model number, model, extension, po number, po, purchase order, quote number, part number, policy number, claim number, group number",
		"routing number, routing, item number, sku, receipt number, work order, meter, meter reading, reservation number, customer number, customer id, job number, unit number, vin, imei, upc, barcode, product code, batch, batch number, lot number",
		"pedido, numero de pedido, orden, numero de orden, factura, numero de factura, referencia, numero de referencia, reserva, confirmacion, numero de confirmacion, codigo de confirmacion, numero de serie, numero de cliente, numero de seguimiento, seguimiento, guia, numero de guia, numero de caso, poliza, numero de poliza, contador, matricula")
	// cardAnnounced stand right before a card's number; a card that is only spoken of may be followed by other numbers.
	cardAnnounced = phraseList("card number, card number is, card is, card's, visa is, mastercard is, amex is, number is, number's, numero de tarjeta, numero de tarjeta es, numero es, tarjeta es, es la")
	// codeAsks ask for the code once the card is known.
	codeAsks = phraseList("code, the code, codigo, el codigo, clave")
	// otherTopics end a card number, and a question for one of them begins a new number.
	otherTopics = []*phrases{expiryCues, cvvCues, phoneCues, birthCues, zipCues, addressCues, orderCues, ssnCues, idCues}
)

// ordered tells whether a number is named as that of an order, a ticket, a part: of a thing.
func (s *stream) ordered(i, within int) bool {
	back := s.cueBefore(i, within, orderCues)
	if back < 0 {
		return false
	}
	// "My order came, but the card number is": the nearer word decides.
	for _, cues := range []*phrases{cardCues, phoneCues, ssnCues, idCues, birthCues} {
		if nearer := s.cueBefore(i, within, cues); nearer >= 0 && nearer < back {
			return false
		}
	}
	return true
}
