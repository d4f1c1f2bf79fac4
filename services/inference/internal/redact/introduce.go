package redact

import (
	"slices"
	"strings"
)

var (
	// introductions are followed by a name.
	introductions = phraseList("my name is, name is, my name's, the name is, the name's, name's, full name is, first name is, last name is, surname is, family name is, maiden name is, i'm called, i am called, goes by, name on the card is, cardholder is, cardholder's name is",
		"account holder is, patient is, patient's name is, under the name, under the name of, in the name of, name of, name was, his name's, her name's",
		"me llamo, mi nombre es, nombre es, se llama, apellido es, apellidos son, mi apellido es, nombre completo es, a nombre de, al nombre de, titular es, se apellida, me apellido")
	// namings are followed by somebody's name, or by other words.
	namings = phraseList("first name, last name, surname, family name, call me, speaking with, speaking to, talking to, talking with, talk to, talk with, named, through to, speak with, speak to, ask for, asked for, asking for, attention to, attention, attn, on behalf of, care of",
		"le habla, le llama, les llama, habla con, hablar con, hable con, hablado con, hablo con, de parte de, pregunte por, preguntar por, pregunto por, comunicarme con, comuniqueme con, pongame con, paseme con, me atendio, atencion a, soy la senora, soy el senor")
	// mentions stand before names among other things.
	mentions = phraseList("spoke with, spoke to, spoken with, spoken to, talked to, talked with, told, tell, ask, asked, message for, message from, referral for, refill for, results for, check with, checked with, letter for, claim for, card for, calling about, call about, note for, voicemail from, email from, text from, a call from, call from, letter from, met with, meet with, meeting with, appointment with, session with",
		"referred by, recommended by, signed by, handled by, sent by, assigned to, worked with, working with, dealt with, dealing with, assisted by, helped by, thanks to, contact, reach, under, it's under, is under, reservation for, aside for, hold it for, hold this for, mark it for, leave it for, leave it with, appointment for, prescription for, package for, booking for, cc, works for, along with, according to, see, saw, visit, visiting, seeing",
		"get a hold of, get hold of, name, ask about, copy, looping in, looking for, waiting for, connect me with, connect me to, transfer me to, put me through to, get me, is this, am i speaking with, speaking",
		"llamo, llama, dijo, pregunto, escribio, firmo, cita con, reunion con, mensaje para, recado para, que llamo, mensaje de, llamada de, correo de, digale a, dile a, avise a, gracias a, atendida por, atendido por, recomendada por, recomendado por, reserva de, cita para, junto con, busco a, conoce a, llamar a, es usted")
	// tellings are done to people only.
	tellings = phraseList("tell, told, ask, asked, spoke with, spoke to, spoken with, spoken to, talked to, talked with, met with, under, it's under, booked under, put it under, aside for, hold it for, leave it for, leave it with, avise a, digale a, dile a")
	// greetings stand before names too.
	greetings = phraseList("this is, i'm, im, i am, it's, its, it is, myself, this side, hiya, howdy, morning, afternoon, evening, good day, hi there, hey there, hello there, hello again, hi again, me again, greetings, thanks, thank you, hi, hello, hey, goodbye, bye, okay, ok, sure, perfect, great, sorry, welcome, welcome back, good morning, good afternoon, good evening, got it, alright, all right, of course, certainly, absolutely, you're welcome, no problem, yes, yeah, dear, mate",
		"soy, habla, aqui, hola, gracias, perfecto, muchas gracias, buenos dias, buenas tardes, buenas noches, buenas, de acuerdo, claro, muy bien, bienvenido, bienvenida, adios, disculpe, mucho gusto, encantado, encantada, con, de nada, vale, oye, estimado, estimada, si")
	// titles stand before family names.
	titles = phraseList("mr, mrs, ms, miss, mx, mister, dr, doctor, prof, professor, judge, officer, sergeant, detective, captain, reverend, pastor, rabbi, father, senator, nurse, coach, sir, madam, aunt, uncle, auntie, attorney, agent, principal, sheriff, deputy, constable, mayor, governor, president, ranger, trooper, deacon, dean, dame, lord, lady",
		"senor, senora, senorita, sr, sra, srta, don, dona, doctora, licenciado, licenciada, lic, ingeniero, ingeniera, profesor, profesora, maestro, maestra, padre, abogado, abogada, tio, tia")
	// doubtfulTitles are other words too, so that only a capital or a known name makes them titles.
	doubtfulTitles = set("miss don dona judge officer captain father senator nurse coach sir madam aunt uncle attorney agent principal sheriff deputy constable mayor governor president ranger trooper dean lord lady maestro maestra padre abogado abogada tio tia doctor doctora dr st lic senor senora senorita")
	// relations stand between "my" and a name.
	relations = set("paciente driver technician installer mechanic teacher tutor guide chofer conductor tecnico tecnica mecanico encargado encargada repartidor repartidora maestro maestra wife husband spouse partner son daughter mother mom mum father dad brother sister boss manager supervisor assistant secretary colleague coworker associate friend neighbor neighbour roommate landlord landlady tenant lawyer attorney accountant doctor nurse therapist dentist " +
		"girlfriend boyfriend fiance fiancee aunt uncle cousin niece nephew grandmother grandfather grandson granddaughter grandma grandpa kid child baby caretaker caregiver contractor plumber realtor agent rep stepson stepdaughter twin contact director receptionist technician broker superintendent super " +
		"esposa esposo marido mujer hijo hija madre padre hermano hermana jefe jefa companero companera socio socia amigo amiga vecino vecina novio novia abuelo abuela nieto nieta sobrino sobrina primo prima suegra suegro cunado cunada mama papa asistente secretaria secretario abogado abogada pareja asesor asesora gestor gestora")
	possessives = set("my your our his her their the mi tu su nuestro nuestra sus mis el la")
	fillers     = set("is es uh um er eh ah well actually just yes called named llamado llamada llama se and so please this to")
)

// introduced returns where a name begins that the words from i on introduce, and on what grounds; 0 if they introduce
// none.
func (s *stream) introduced(i int) (from int, g grounds) {
	if n := s.startsWith(i, introductions); n > 0 {
		return s.pastInitials(s.afterFillers(i + n)), sure
	}
	if from := s.titled(i); from > 0 {
		return from, sure
	}
	if from := s.related(i); from > 0 {
		return from, s.orUnknown(from)
	}
	if n := s.startsWith(i, namings); n > 0 {
		from := s.afterFillers(i + n)
		if s.norm(i) != "call" || s.capital(from) || !s.doc.cased {
			return s.unlessEnded(from, i+n), named
		}
	}
	if n := s.startsWith(i, tellings); n > 0 && s.orUnknown(i+n) == named {
		return i + n, named
	}
	if n := s.startsWith(i, mentions); n > 0 {
		return s.unlessEnded(s.mentioned(i+n), i+n), weak
	}
	if n := s.startsWith(i, greetings); n > 0 {
		return s.greeted(i, i+n)
	}
	return 0, weak
}

// orUnknown are the grounds for a name where nobody but a person can stand: an unknown word is enough in a transcript
// without capitals.
func (s *stream) orUnknown(i int) grounds {
	if !s.doc.cased && s.unknown(i) {
		return named
	}
	return weak
}

// unknown tells whether word i is on no list, and has the form of no verb or plural.
func (s *stream) unknown(i int) bool {
	return s.unlisted(i) && !strings.HasSuffix(s.toks[i].stem, "s")
}

// unlisted tells whether word i is on no list of everyday words, and has the form of no verb.
func (s *stream) unlisted(i int) bool {
	if !s.mayName(i) || s.toks[i].sentence() {
		return false
	}
	w := s.toks[i].stem
	return len(w) > 3 && !s.doc.lang.everyday(w) && !inflected(w) && !companyEnding[w] && !relations[w] && !divisions[w]
}

// afterFillers passes over what stands between an introduction and the name: "is", "uh", a title.
func (s *stream) afterFillers(i int) int {
	for range 3 {
		if !fillers[s.norm(i)] {
			if n := s.startsWith(i, titles); n > 0 && s.isName(i+n, named, false) {
				return i + n
			}
			return i
		}
		i++
	}
	return i
}

// unlessEnded is from, unless a sentence ends before it.
func (s *stream) unlessEnded(from, cue int) int {
	for i := cue; i <= from && i < len(s.toks); i++ {
		if s.toks[i].sentence() && !s.toks[i].first {
			return 0
		}
	}
	return from
}

// mentioned takes what a mention is followed by for a name unless it is a thing's: with a capital, and no article.
func (s *stream) mentioned(i int) int {
	if i >= len(s.toks) || s.toks[i].sentence() || strings.Contains(s.toks[i].gap, ",") || s.norm(i-1) != "this" && s.ofThing(i, i+1) {
		return 0
	}
	if w := s.toks[i].stem; s.doc.firms[w] && !givenNames[w] && !surnames[w] {
		return 0
	}
	return i
}

// titled returns where the name begins that a title at word i stands before; 0 if there is none.
func (s *stream) titled(i int) int {
	n := s.startsWith(i, titles)
	if n == 0 || s.startsWith(i, trademarks) > 0 {
		return 0
	}
	from := i + n
	if !s.mayName(from) || s.toks[from].first || strings.ContainsAny(s.toks[from].gap, "?!;:,") {
		return 0
	}
	// "Dr." and "Mr." have a dot that ends no sentence.
	dotted := strings.Contains(s.toks[from].gap, ".")
	w := s.norm(i)
	switch {
	case dotted && len(w) > 4:
		return 0
	case particles[s.norm(from)] && s.nameAhead(from+1, named) && !determiners[s.norm(from)]:
		return from
	case s.doc.cased && !s.capital(from):
		return 0
	case !s.doc.cased && (s.doc.lang.everyday(s.norm(from)) && (s.doc.lang.common(s.norm(from)) || !surnames[s.norm(from)]) || inflected(s.norm(from)) || doubtfulTitles[w] && w != "dr" && w != "doctor" && w != "doctora" && w != "senor" && w != "senora" && !givenNames[s.norm(from)] && !surnames[s.norm(from)]):
		return 0
	case s.doc.lang.everyday(s.norm(from)) && !surnames[s.norm(from)] && !givenNames[s.norm(from)]:
		return 0
	}
	return from
}

// related returns where the name begins of somebody's relation: "my wife Ana", "our son, Jonah".
func (s *stream) related(i int) int {
	if !possessives[s.norm(i)] {
		return 0
	}
	from := i + 2
	switch {
	case relations[s.norm(i+1)]:
	case relations[s.norm(i+2)] && s.mayName(i+1): // "her older daughter"
		from++
	default:
		return 0
	}
	for skip := 0; skip < 2 && (s.norm(from) == "is" || s.norm(from) == "named" || s.norm(from) == "called" || s.norm(from) == "es"); skip++ {
		from++
	}
	if from >= len(s.toks) || s.toks[from].sentence() || s.doc.cased && !s.capital(from) {
		return 0
	}
	return from
}

// greeted returns the name that a greeting or "this is" stands before, and its grounds.
func (s *stream) greeted(cue, i int) (int, grounds) {
	i = s.pastInitials(i)
	if i >= len(s.toks) || s.toks[i].first || strings.ContainsAny(s.toks[i].gap, ".?!;:") {
		return 0, weak
	}
	introduces := slices.Contains([]string{"this", "i'm", "im", "i", "it's", "its", "it", "soy", "habla", "con", "aqui", "myself"}, s.norm(cue))
	comma := strings.Contains(s.toks[i].gap, ",")
	w := stem(s.norm(i))
	switch {
	case introduces && (comma || strings.HasSuffix(s.norm(i), "'s")), s.doc.lang.everyday(w) && !givenNames[w], inflected(w) && !givenNames[w] && !(introduces && s.midCapital(i) && s.midCapital(i+1) && joined(s.toks[i+1].gap) && s.familyAt(i+1)):
		return 0, weak
	case s.doc.cased:
		if !introduces && s.doc.firms[w] {
			return 0, weak
		}
		if !s.capital(i) || s.ofThing(i, s.nameEnd(i, named)) && !(s.fullName(i) > 0 && (introduces && s.norm(cue) != "it's" && s.norm(cue) != "it" && s.norm(cue) != "its" || !placeNames[w])) || placeNames[w] && introduces && s.norm(cue) == "it's" {
			return 0, weak
		}
		if comma && !s.vocative(i) {
			return 0, weak
		}
		return i, named
	case introduces && (s.norm(cue) == "this" || givenNames[w]) && !s.doc.lang.everyday(w) && s.selfNamed(i):
		return i, named
	}
	return i, weak
}

// pastInitials is the word after the initials at word i, "r t bhattacharya", in a transcript without capitals; i itself if a family
// name does not follow them.
func (s *stream) pastInitials(i int) int {
	k := i
	for !s.doc.cased && k < min(i+3, len(s.toks)) && s.middleInitial(k) && !s.toks[k].first {
		k++
	}
	if k < len(s.toks) && (s.unlisted(k) || surnames[s.norm(k)]) {
		return k
	}
	return i
}

// withInitials is where a name begins that was found from word i on, the initials included that an introduction stands before.
func (s *stream) withInitials(i int) int {
	from := i
	for from > 0 && i-from < 3 && s.middleInitial(from-1) && !s.toks[from].first {
		from--
	}
	if s.endsAt(from, greetings) > 0 || s.endsAt(from, introductions) > 0 {
		return from
	}
	return i
}

// vocative tells whether the name at word i is all that stands between a comma and the end of the phrase: "Thanks,
// Rowan. What".
func (s *stream) vocative(i int) bool {
	end := s.nameEnd(i, named)
	return end > i && (s.endsSentence(end-1) || strings.Contains(s.after(end-1), ",") || givenNames[stem(s.norm(i))] && !s.doc.lang.ambiguous(stem(s.norm(i))))
}

// selfNamed tells whether a caller names themself at word i where nothing has a capital: "this is zuzanna wojcik i
// need", "this is rowan from pinnacle".
func (s *stream) selfNamed(i int) bool {
	end := s.nameEnd(i, named)
	if end == i {
		return false
	}
	if end >= len(s.toks) || s.toks[end].first {
		return true
	}
	return hesitations[s.norm(end)] || slices.Contains([]string{"from", "at", "with", "calling", "i", "i'm", "im", "and", "returning", "speaking", "again", "here", "from", "how", "can", "may", "my"}, s.norm(end))
}

// nameAsks are questions whose answer is a name; firmAsks are those that only sound like it.
var (
	nameAsks = phraseList("name, who's it for, who is it for, who's this for, who is this for, who am i speaking to, whom am i speaking, to whom am i, who's that, who do i have, who is speaking, who's speaking, name please, who am i speaking with, who am i talking to, whom am i speaking with, who's calling, who is calling, who's this, who is this, whom do i, who should i, who is it, and you are, spell, spell that, spelt, spelled, speaking with",
		"nombre, apellido, apellidos, como se llama, quien habla, quien llama, con quien hablo, con quien tengo el gusto, de parte de quien, quien le atendio, deletrea, deletrear")
	firmAsks = phraseList("company name, business name, company's name, name of the company, name of your company, name of the business, user name, username, domain name, product name, name of the product, street name, street, brand name, store name, practice name, school name",
		"nombre de la empresa, nombre de la compania, nombre del producto, nombre de usuario, nombre de la calle")
)

// answers finds a name that is the answer to "may I have your name?".
func (s *stream) answers() []finding {
	var found []finding
	for i, t := range s.toks {
		if !t.first || !s.directlyAsked(t.line, nameAsks) || s.directlyAsked(t.line, firmAsks) {
			continue
		}
		from := i
		for from < len(s.toks) && s.toks[from].line == t.line && from-i < 6 && (s.doc.lang.everyday(s.norm(from)) || s.toks[from].letter()) && !s.firstNameAt(from) {
			from++
		}
		if from >= len(s.toks) || s.toks[from].line != t.line || s.toks[from].letter() {
			continue
		}
		if to := s.nameEnd(from, named); to > from && !s.ofThing(from, to) {
			found = append(found, s.finding(Name, from, to, s.spoken(from, to)))
		}
	}
	return found
}

// firstNameAt tells whether an everyday word at i is meant as a name: it is a given name, and a family name or the end of
// the sentence follows.
func (s *stream) firstNameAt(i int) bool {
	w := s.norm(i)
	if !givenNames[w] || functionWord(w) || s.doc.cased && !s.capital(i) {
		return false
	}
	return s.endsSentence(i) && s.toks[i].sentence() || i+1 < len(s.toks) && surnames[s.norm(i+1)] && !s.toks[i+1].sentence()
}
