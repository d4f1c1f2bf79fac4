package redact_test

import "testing"

// TestAddresses: where an address begins and ends, and which units are somebody's.
func TestAddresses(t *testing.T) {
	for _, c := range []redaction{
		{"en", talk("A: what is the address", "C: twenty two fourteen willow bend drive in cedar falls"), []string{"what is the address", "[ADDRESS_1]"}},
		{"en", talk("C: my truck wont start im at eighteen hundred kettle creek the gray house"), []string{"my truck wont start im at [ADDRESS_1] the gray house"}},
		{"en", talk("A: what is the service address", "C: nine oh six east magnolia uh unit b"), []string{"what is the service address", "[ADDRESS_1]"}},
		{"en", talk("C: hi this is lakshmi from unit three oh two", "A: the pump in unit 302 is off"), []string{"hi this is [NAME_1] from [ADDRESS_1]", "the pump in unit 302 is off"}},
		{"en", talk("C: Please tell Anneliese that Tyrone in 4B has no heat."), []string{"Please tell [NAME_1] that [NAME_2] in [ADDRESS_1] has no heat."}},
		{"en", talk("C: I'm at 77 Rue Bellevue. The town is Ashford, Vermont, and the plan is Vermont Gold."), []string{"I'm at [ADDRESS_1]. The town is [ADDRESS_2], and the plan is Vermont Gold."}},
		{"es", talk("C: Vivo en la calle Mayor 6, 3.º izquierda, 28012 Madrid. Llego el 1.º de mayo."), []string{"Vivo en la [ADDRESS_1]. Llego el 1.º de mayo."}},
		{"es", talk("C: Soy el vecino del cuarto B y rento el apartamento 12."), []string{"Soy el vecino del [ADDRESS_1] y rento el [ADDRESS_2]."}},
		{"en", talk("C: I'm Saoirse in 302. I met Saoirse in 2019, and Saoirse called in 20 minutes."), []string{"I'm [NAME_1] in [ADDRESS_1]. I met [NAME_1] in 2019, and [NAME_1] called in 20 minutes."}},
		{"en", talk("C: I'm Dana, I'm in 3D printing."), []string{"I'm [NAME_1], I'm in 3D printing."}},
		{"es", talk("C: Vivo en la calle Aragó 255, 2.º 1.ª, 08007 Barcelona."), []string{"Vivo en la [ADDRESS_1]."}},
		{"en", talk("C: this is unit 302 the sink leaks", "A: this is building 5 level 3"), []string{"this is [ADDRESS_1] the sink leaks", "this is building 5 level 3"}},
		{"es", talk("C: soy la vecina del 3B y mi hermana vive en el quinto izquierda", "A: yo vivo en el cuarto que da a la calle"), []string{"soy la vecina del [ADDRESS_1] y mi hermana vive en el [ADDRESS_2]", "yo vivo en el cuarto que da a la calle"}},
		{"es", talk("C: vivo en los olmos ciento quince departamento tres", "A: en qué pueblo", "C: de villarejo"), []string{"vivo en [ADDRESS_1]", "en qué pueblo", "de [ADDRESS_2]"}},
		{"en", talk("C: I'm at 5 p.m. today. Send it to me at 3 p. m. please.", "A: deliver it at 5 p m tuesday, and the address is 45 dollars"), []string{"I'm at 5 p.m. today. Send it to me at 3 p. m. please.", "deliver it at 5 p m tuesday, and the address is 45 dollars"}},
		{"en", talk("A: What's your address?", "C: 5 p.m. Tuesday, I'm at 12 Maple Court. We're at $50 Tuesday."), []string{"What's your address?", "5 p.m. Tuesday, I'm at [ADDRESS_1]. We're at $50 Tuesday."}},
		{"es", talk("C: Estamos en 5 de la tarde. Vivo en Reforma 222, piso 9."), []string{"Estamos en 5 de la tarde. Vivo en [ADDRESS_1]."}},
		{"en", talk("A: What's your zip code?", "C: How much was the total?", "A: It's 94103."), []string{"What's your zip code?", "How much was the total?", "It's 94103."}},
		{"en", talk("C: What's your zip code?", "A: It's 94103."), []string{"What's your zip code?", "It's [ADDRESS_1]."}},
		{"en", talk("A: What's your zip code?", "C: 94103.", "A: So it's 94103? Your order is 94103.", "C: My zip is 94103, order number 94104."), []string{"What's your zip code?", "[ADDRESS_1].", "So it's [ADDRESS_1]? Your order is 94103.", "My zip is [ADDRESS_1], order number 94104."}},
	} {
		c.check(t)
	}
}
