package redact_test

import "testing"

// TestFamilyNames: in a transcript without capitals an unknown word right after a given name is the family name, everyday words and
// things are not.
func TestFamilyNames(t *testing.T) {
	for _, c := range []redaction{
		{"es", talk("C: hola habla marisol pereyra quiero saber de mi pedido", "A: hola marisol digame su pedido"), []string{"hola habla [NAME_1] quiero saber de mi pedido", "hola [NAME_1] digame su pedido"}},
		{"en", talk("C: good afternoon idris el amrani here", "A: hello idris which invoice"), []string{"good afternoon [NAME_1] here", "hello [NAME_1] which invoice"}},
		{"en", talk("A: is your mother camila", "C: yes camila barrientos", "A: thanks camila tomorrow works"), []string{"is your mother [NAME_1]", "yes [NAME_1]", "thanks [NAME_1] tomorrow works"}},
		{"en", talk("C: this is r t bhattacharya and the card is my wifes", "A: and ishaan t bhattacharya is your son"), []string{"this is [NAME_1] and the card is my wifes", "and [NAME_2] is your son"}},
		{"en", talk("C: tell jordan the invoice is wrong and ask quentin payroll questions"), []string{"tell [NAME_1] the invoice is wrong and ask [NAME_2] payroll questions"}},
		{"en", talk("C: how old is my son leon", "A: leon is four and the driver is manny"), []string{"how old is my son [NAME_1]", "[NAME_1] is four and the driver is [NAME_2]"}},
		{"en", talk("C: I'm Ruairi, R U A I R I, Mac Suibhne."), []string{"I'm [NAME_1], [NAME_1], [NAME_2]."}},
		{"en", talk("C: Park, Ji-woo Park, I booked the massage."), []string{"[NAME_1], [NAME_1], I booked the massage."}},
		{"en", talk("C: My name is Will Price.", "A: Thanks, Mr. Price. What is the price that you saw?"), []string{"My name is [NAME_1].", "Thanks, Mr. [NAME_1]. What is the price that you saw?"}},
		{"en", talk("C: Hi, this is Mark Call, I need help."), []string{"Hi, this is [NAME_1], I need help."}},
		{"en", talk("C: Myself Venkat Subramanian, calling from Pune. I did it myself Monday."), []string{"Myself [NAME_1], calling from Pune. I did it myself Monday."}},
		{"es", talk("C: Mi nombre completo es Jordi Puig i Casals."), []string{"Mi nombre completo es [NAME_1]."}},
	} {
		c.check(t)
	}
}

// TestLowerLines: a line without capitals is read as such in a transcript that has capitals elsewhere.
func TestLowerLines(t *testing.T) {
	for _, c := range []redaction{
		{"en", talk("A: Good morning, Acme.", "C: hi my name is will price", "A: Thank you, Mr. Price. What price did you see?"), []string{"Good morning, Acme.", "hi my name is [NAME_1]", "Thank you, Mr. [NAME_1]. What price did you see?"}},
		{"en", talk("A: Good morning, Acme.", "C: hi my name is xochi vandersmoot and I need Tuesday", "C: please tell maria", "A: Sure, Xochi."), []string{"Good morning, Acme.", "hi my name is [NAME_1] and I need Tuesday", "please tell [NAME_2]", "Sure, [NAME_1]."}},
		{"en", talk("A: Good morning, Acme.", "C: this is grace stone i have a question", "C: my name is mark thanks", "C: my name is not important and the name is will be there"), []string{"Good morning, Acme.", "this is [NAME_1] i have a question", "my name is [NAME_2] thanks", "my name is not important and the name is will be there"}},
		{"es", talk("A: Buenos días, Acme.", "C: me llamo paz blanco y quiero una cita", "C: soy luis de la torre"), []string{"Buenos días, Acme.", "me llamo [NAME_1] y quiero una cita", "soy [NAME_2]"}},
	} {
		c.check(t)
	}
}

// TestSpeltToItsEnd: a letter that is a word of what follows is no letter of the name.
func TestSpeltToItsEnd(t *testing.T) {
	for _, c := range []redaction{
		{"en", talk("C: Lapina is L A P I N A. I take it!"), []string{"[NAME_1] is [NAME_1]. I take it!"}},
		{"en", talk("C: Marta Quell, Q U E L L. I wanted a demo.", "A: Thank you, Ms. Quell."), []string{"[NAME_1], [NAME_1]. I wanted a demo.", "Thank you, Ms. [NAME_1]."}},
		{"en", talk("C: my name is vera rossi r o s s i i want a table"), []string{"my name is [NAME_1] [NAME_1] i want a table"}},
		{"en", talk("A: Could you spell that?", "C: Q. U. E. L. L. A.", "A: Thanks.", "C: And hers?", "A: How is it spelt?", "C: N as in Nancy, E as in Echo, A as in Alpha, L as in Lima. A table for two."), []string{"Could you spell that?", "[NAME_1].", "Thanks.", "And hers?", "How is it spelt?", "[NAME_2]. A table for two."}},
		{"en", talk("C: I'm Rui, R U I and I called."), []string{"I'm [NAME_1], [NAME_1] and I called."}},
		{"es", talk("C: Soy Marta Ruiz, R U I Z, y quiero una cita. Godoy, G O D O Y."), []string{"Soy [NAME_1], [NAME_1], y quiero una cita. [NAME_2], [NAME_2]."}},
	} {
		c.check(t)
	}
}

// TestWordsForNames: a known given name makes names of the words with capitals after it where somebody says who they are, and a
// comma parts a name from the firm beside it; places and things stay.
func TestWordsForNames(t *testing.T) {
	for _, c := range []redaction{
		{"en", talk("C: Morning. Rhys Llewellyn, Valley Coaches. I have a question."), []string{"Morning. [NAME_1], Valley Coaches. I have a question."}},
		{"en", talk("C: Hi, calling from Little Lambs Nursery, Adaeze Obi. We need nappies."), []string{"Hi, calling from Little Lambs Nursery, [NAME_1]. We need nappies."}},
		{"en", talk("C: It's Trinity Blackwood at Moonlight Diner. It's Virginia Beach at night."), []string{"It's [NAME_1] at Moonlight Diner. It's Virginia Beach at night."}},
		{"en", talk("C: It's a quote for the bakery. Clementine Roux. Santa Fe is far."), []string{"It's a quote for the bakery. [NAME_1]. Santa Fe is far."}},
		{"en", talk("C: Duke Ellery with Ellery & Sons. Dallas Support is closed."), []string{"[NAME_1] with [NAME_2] & Sons. Dallas Support is closed."}},
		{"en", talk("C: Xochi Vandersmoot from Acme Tools."), []string{"[NAME_1] from Acme Tools."}},
		{"en", talk("C: Summer Park here.", "A: A Sunny Day here in town.", "C: I'm Summer Park."), []string{"[NAME_1] here.", "A Sunny Day here in town.", "I'm [NAME_1]."}},
		{"en", talk("A: Acme support.", "C: Ted Groves. I got a letter from Inkwell Ceramics."), []string{"Acme support.", "[NAME_1]. I got a letter from Inkwell Ceramics."}},
		{"en", talk("C: Hi, Dana Day. I was referred from Aurelius Banks of Trenton. Great Lakes Marine sent it."), []string{"Hi, [NAME_1]. I was referred from [NAME_2] of Trenton. Great Lakes Marine sent it."}},
		{"en", talk("C: Frank Best here.", "A: Two Cokes, please."), []string{"[NAME_1] here.", "Two Cokes, please."}},
		{"en", talk("C: hi frank best speaking"), []string{"hi [NAME_1] speaking"}},
		{"en", talk("A: Which town?", "C: Anselm Roth. I was charged twice."), []string{"Which town?", "[NAME_1]. I was charged twice."}},
	} {
		c.check(t)
	}
}

// TestInterjections: what people exclaim or agree with is no name at the start of a sentence, though some of it is one elsewhere.
func TestInterjections(t *testing.T) {
	for _, c := range []redaction{
		{"en", talk("C: Cheerio. Er, Rowan called. Uh, no. Um, Erm, Hmm. Tidy. Fab. Poof, gone. Ciao. Naturally.", "A: Righto. Ta. Lovely. Brilliant. Smashing. Splendid. Blimey, Acha, Namaste."),
			[]string{"Cheerio. Er, [NAME_1] called. Uh, no. Um, Erm, Hmm. Tidy. Fab. Poof, gone. Ciao. Naturally.", "Righto. Ta. Lovely. Brilliant. Smashing. Splendid. Blimey, Acha, Namaste."}},
		{"es", talk("C: Buenísimo. Órale. Híjole, qué caro. Ándale pues. Uy, no. Ay, Bárbaro. Dale. Genial. Venga, hasta luego.", "A: Hala. Chévere. Caray, qué bien. Soy Hala Mansour."),
			[]string{"Buenísimo. Órale. Híjole, qué caro. Ándale pues. Uy, no. Ay, Bárbaro. Dale. Genial. Venga, hasta luego.", "Hala. Chévere. Caray, qué bien. Soy [NAME_1]."}},
		{"en", talk("C: Hala called, and Dale Earl did. Ask for Dale."), []string{"[NAME_1] called, and [NAME_2] did. Ask for [NAME_2]."}},
	} {
		c.check(t)
	}
}

// TestFirms: the firm that a call is answered as, and things that are counted or bear a name, are no people.
func TestFirms(t *testing.T) {
	for _, c := range []redaction{
		{"en", talk("A: Good morning, Lakeside Elementary front office.", "C: Good morning, Xiomara, is Lakeside open?"), []string{"Good morning, Lakeside Elementary front office.", "Good morning, [NAME_1], is Lakeside open?"}},
		{"en", talk("A: Good morning, Imogen speaking.", "C: Hi Imogen."), []string{"Good morning, [NAME_1] speaking.", "Hi [NAME_1]."}},
		{"en", talk("A: Quick Lube on Fifth. What can I do for you?", "C: Two Cokes, please."), []string{"Quick Lube on Fifth. What can I do for you?", "Two Cokes, please."}},
		{"es", talk("A: Gracias por llamar a la Veterinaria San Martín.", "C: ¿Y la suite Carmen?"), []string{"Gracias por llamar a la Veterinaria San Martín.", "¿Y la suite Carmen?"}},
		{"es", talk("A: Gracias por llamar a María, le atiende el asistente."), []string{"Gracias por llamar a [NAME_1], le atiende el asistente."}},
		{"en", talk("C: I'm calling for Yolanda Prieto."), []string{"I'm calling for [NAME_1]."}},
		{"en", talk("C: Hello, I'm calling from Nordhavn Marine.", "A: Thanks, Nordhavn Marine, noted.", "C: It's Priya from Inkwell Tattoo, at Mokoena Gold. I have a letter from Maren Stone."),
			[]string{"Hello, I'm calling from Nordhavn Marine.", "Thanks, Nordhavn Marine, noted.", "It's [NAME_1] from Inkwell Tattoo, at Mokoena Gold. I have a letter from [NAME_2]."}},
		{"en", talk("A: And which company?", "C: Nordhavn Marine."), []string{"And which company?", "Nordhavn Marine."}},
		{"es", talk("C: Buenas, le llamo de Notaría Sáenz.", "A: Buenas, Notaría Sáenz, dígame."), []string{"Buenas, le llamo de Notaría Sáenz.", "Buenas, Notaría Sáenz, dígame."}},
		{"en", talk("C: This is Celeste Abernathy with Abernathy Cellars.", "A: Thanks, Abernathy Cellars. Ms. Abernathy, goodbye."), []string{"This is [NAME_1] with [NAME_2] Cellars.", "Thanks, [NAME_2] Cellars. Ms. [NAME_1], goodbye."}},
		{"en", talk("C: This is Dov Brannigan of Brannigan Stone. We at Brannigan sell.", "A: Mr. Brannigan of Brannigan Stone."), []string{"This is [NAME_1] of [NAME_2] Stone. We at [NAME_2] sell.", "Mr. [NAME_1] of [NAME_2] Stone."}},
		{"en", talk("C: hi this is celeste abernathy with abernathy cellars"), []string{"hi this is [NAME_1] with [NAME_2] cellars"}},
		{"en", talk("C: I'm here with Grace Stone."), []string{"I'm here with [NAME_1]."}},
	} {
		c.check(t)
	}
}
