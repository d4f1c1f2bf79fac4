package vertexai

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// detail is one thing that the caller told of himself or his matter.
type detail struct {
	name, value string
	sure        float64
	at          place
}

// extract picks details out of the caller's lines, each once.
func extract(lines []utterance, wanted concept) []detail {
	var out []detail
	add := func(ds ...detail) {
		for _, d := range ds {
			if d.value != "" && !slices.ContainsFunc(out, func(had detail) bool { return had.name == d.name }) {
				out = append(out, d)
			}
		}
	}
	add(person(lines)...)
	add(company(lines))
	add(contact(lines, "email", "#email", literalEmail), contact(lines, "phone", "#phone", literalPhone), contact(lines, "address", "#address", nil))
	add(orderNumber(lines))
	switch wanted { //nolint:exhaustive // the rest mean nothing here
	case demo, pricing, reschedule, voicemail:
		add(preferred(lines, wanted == reschedule))
	}
	return out
}

var (
	literalEmail = regexp.MustCompile(`^[\w.+-]+@[\w-]+(\.[\w-]+)+$`)
	literalPhone = regexp.MustCompile(`^\+?\d[\d().-]{8,}\d$`)
)

// Phrases that a name follows.
var (
	wholeName = []pattern{
		compile("name is|was"), compile("this is"), compile("i am"), compile("it is"), compile("me llamo"), compile("nombre es"), compile("soy"),
		compile("le? habla"), compile("you are speaking|talking with|to"), compile("de parte de"),
	}
	firstName = []pattern{compile("first name is?"), compile("given name is?"), compile("nombre de pila es?")}
	lastName  = []pattern{compile("last|family name is?"), compile("surname is?"), compile("apellido|apellidos es|son?")}
	askName   = []pattern{
		compile("your * name"), compile("who am i * speaking|talking"), compile("who is * speaking|talking|calling|this"), compile("name|names please"), compile("su|tu nombre"),
		compile("con quien * hablo|gusto"), compile("quien habla|llama"), compile("se|te llama|llamas"),
	}
)

// person finds the caller's name.
func person(lines []utterance) []detail {
	var out []detail
	for _, part := range []struct {
		name    string
		phrases []pattern
	}{{"first_name", firstName}, {"last_name", lastName}} {
		if d, ok := after(lines, part.name, part.phrases, nameAt); ok {
			d.sure = 0.93
			out = append(out, d)
		}
	}
	if len(out) > 0 {
		return out
	}
	d, ok := after(lines, "name", wholeName, nameAt)
	if d.sure = 0.95; ok {
		return append(out, d)
	}
	if d, ok = answered(lines, "name", askName, nameAt); ok {
		d.sure = 0.92
		return append(out, d)
	}
	return append(out, alone(lines)...)
}

// alone finds a name that stands for itself: "Olga here", "Olga is the name", or between commas, "hi, me again,
// Olga". Between commas it may as well be the agent's, if he has said it before, and what a call begins with may
// be anything with a capital.
func alone(lines []utterance) []detail {
	own := map[string]bool{}
	nth := 0
	for i, u := range lines {
		if u.caller {
			nth++
		}
		for k, w := range u.words {
			if w.norm != "#name" {
				continue
			}
			v, end := nameAt(u, w.at)
			switch {
			case !u.caller:
				own[v] = true
			case v == "" || k > 0 && !w.brk && u.words[k-1].norm == "#name":
			case introduces(u, k):
				return []detail{{"name", v, 0.9, place{i, w.at, end}}}
			case nth <= 2 && k > 0 && w.brk && !own[v] && !thanked(u, k) && closes(u, end):
				return []detail{{"name", v, 0.85, place{i, w.at, end}}}
			}
		}
	}
	return nil
}

// introduces tells whether what follows a name makes it the caller's.
func introduces(u utterance, k int) bool {
	return slices.ContainsFunc(introductions, func(p pattern) bool {
		_, ok := p.match(u.words, k)
		return ok
	})
}

var introductions = []pattern{
	compile("#name here|speaking|calling|again"), compile("#name is the|my name"), compile("#name from|with|over|at"), compile("#name de|desde"), compile("#name a el habla|aparato"),
}

// thanked tells whether the words before a name are said to whom it belongs.
func thanked(u utterance, k int) bool {
	return k > 0 && slices.Contains([]string{"thanks", "thank", "you", "gracias", "bye", "please", "perfect", "great", "ok", "okay", "sorry"}, u.words[k-1].norm)
}

// closes tells whether a clause ends before a word.
func closes(u utterance, end int) bool {
	return end >= len(u.raw) || ends(u.raw[end-1]) || strings.HasSuffix(u.raw[end-1], ",")
}

// taker takes a value out of a line, from one of its words as they stand; end is the word after it.
type taker func(u utterance, from int) (value string, end int)

// after finds a value that follows one of the phrases in a caller's line.
func after(lines []utterance, name string, phrases []pattern, take taker) (detail, bool) {
	for i, u := range lines {
		if !u.caller {
			continue
		}
		for k := range u.words {
			for _, p := range phrases {
				end, ok := p.match(u.words, k)
				if !ok || end >= len(u.words) || negated(u.words, k) {
					continue
				}
				if v, to := take(u, u.words[end].at); v != "" {
					return detail{name: name, value: v, at: place{i, u.words[k].at, to}}, true
				}
			}
		}
	}
	return detail{}, false
}

// answered finds a value in what the caller says next after the agent has asked for it.
func answered(lines []utterance, name string, asks []pattern, take taker) (detail, bool) {
	for i, u := range lines {
		asked := !u.caller && slices.ContainsFunc(asks, func(p pattern) bool {
			for k := range u.words {
				if _, ok := p.match(u.words, k); ok {
					return true
				}
			}
			return false
		})
		if !asked {
			continue
		}
		for j, next := range lines[i+1 : min(len(lines), i+4)] {
			if !next.caller {
				continue
			}
			for k := range next.raw {
				if v, to := take(next, k); v != "" {
					return detail{name: name, value: v, at: place{i + 1 + j, k, to}}, true
				}
			}
			break
		}
	}
	return detail{}, false
}

// nameAt reads a name: up to four placeholders. Redaction hides names, so what has a capital still is none: an
// order code, a product.
func nameAt(u utterance, from int) (string, int) {
	var parts []string
	i := from
	for ; i < len(u.raw) && len(parts) < 4; i++ {
		w := strings.TrimFunc(u.raw[i], func(r rune) bool { return unicode.IsPunct(r) && r != '[' && r != ']' && r != '_' })
		if m := placeholder.FindStringSubmatch(w); m != nil {
			if m[1] != "NAME" {
				break
			}
			parts = append(parts, m[0])
		} else if !isTitle(w) {
			break
		}
		if last := u.raw[i]; len(parts) > 0 && (ends(last) && len(w) > 1 || strings.HasSuffix(last, ",")) {
			i++
			break
		}
	}
	return strings.Join(parts, " "), i
}

func isTitle(w string) bool {
	return slices.Contains([]string{"mr", "mrs", "ms", "miss", "dr", "señor", "señora", "don", "doña"}, strings.ToLower(strings.TrimSuffix(w, ".")))
}

// common are words that a sentence begins with, or that carry a capital and are nobody's name.
var common = set(`sure certainly absolutely course right fine claro vale bueno perfecto the a an my our your yes yeah no hi hello hey okay ok sorry thanks thank please well so and but is it this that
 there here what when where who why how can could would i'm i'd i'll i've we we're calling just still about from with
 monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
 september october november december english spanish
 hola si no gracias buenos buenas dias tardes lunes martes miercoles jueves viernes sabado domingo me mi un una la el los
 las es quiero llamo para por quisiera necesito`)

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// Phrases that a company follows.
var (
	ofCompany = []pattern{
		compile("calling|call|called|phoning|ringing|speaking from|for"), compile("on behalf of"), compile("#name calling|speaking? from|with|of|at|over"),
		compile("#name over|here|down at|from"), compile("here|over|down at"), compile("i am with|from|at|of"), compile("we are here? with|from|at"),
		compile("i am over|down|here at"), compile("i am working for|at|with"), compile("i work for|at|with|over"), compile("we work for|at|with"),
		compile("i am|was the|a|an|one * at|for|with|of|from"), compile("i|we run|own|manage|represent|head|lead|supervise|oversee|handle"),
		compile("i|we run|own|manage|represent|head|lead|supervise|oversee|handle|do|keep|buy|look|answer * at|for|of|with"), compile("representing"),
		compile("my|our company|business|firm|organization|organisation|shop|store|practice|agency|office|restaurant|school|clinic|studio is|named|called?"),
		compile("my|our company|business|firm|organization|organisation|shop|store|practice|agency|office|restaurant|school|clinic|studio is? named|called"),
		compile("company|business|firm|organization|organisation|shop|store|practice|agency|office|restaurant|school|clinic|studio|bakery|garage is? named|called"),
		compile("company|business|firm|organization|organisation|shop|store|practice|agency name is"), compile("name of * company|business|firm|shop|store is"),
		compileWith("#name de|desde la|el|los|las? @negocio?", families()), compile("llamo|llamamos|hablo|hablamos|marco de|desde"), compile("trabajo|trabajamos en|para|con"),
		compileWith("mi|nuestra|nuestro|la|el @negocio es|se? llama?", families()), compileWith("de|desde|en|para la|el|mi|nuestra|nuestro @negocio", families()), compile("soy|somos de"),
		compile("represento a?"),
	}
	askCompany = []pattern{compile("your|which|what * company|business|organization"), compile("which company"), compile("su|que|cual * empresa|compania|negocio")}
)

// company finds where the caller calls from.
func company(lines []utterance) detail {
	d, ok := after(lines, "company", ofCompany, companyAt)
	if d.sure = 0.9; ok {
		return d
	}
	if d, ok = after(lines, "company", []pattern{compile("we are"), compile("somos")}, weAre); ok {
		d.sure = 0.88
		return d
	}
	d, _ = answered(lines, "company", askCompany, companyAt)
	d.sure = 0.85
	return d
}

// weAre is a company where several speak of themselves by one name, or one that is explained at once: "we're
// Copper Kettle, a small bakery".
func weAre(u utterance, from int) (string, int) {
	if v, end := companyAt(u, from); len(strings.Fields(v)) > 1 {
		return v, end
	}
	if m := placeholder.FindStringSubmatch(u.raw[from]); m != nil && m[1] == "NAME" && strings.HasSuffix(u.raw[from], ",") {
		return m[0], from + 1
	}
	return "", from
}

// joints hold a company's name together between words with capitals.
var joints = set("and & of the de del y la los las for e")

// places are what callers call from that is no company; the states and the largest cities will do.
var places = set(`alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa
 kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon
 pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming chicago boston dallas houston seattle denver miami
 atlanta phoenix philadelphia portland austin london madrid barcelona mexico canada spain`)

// companyAt reads a run of words with capitals, a placeholder among them.
func companyAt(u utterance, from int) (string, int) {
	i := from
	for i < len(u.raw) && slices.Contains([]string{"the", "a", "an", "la", "el", "los", "las"}, u.raw[i]) {
		i++
	}
	var parts []string
	end := i
	for ; i < len(u.raw) && len(parts) < 7; i++ {
		w := strings.TrimFunc(u.raw[i], func(r rune) bool { return strings.ContainsRune(`.,;:!?"()`, r) })
		low := fold(strings.ToLower(w))
		switch {
		case isCompanyWord(w) && (!common[low] || article(u, i)):
			parts, end = append(parts, w), i+1
		case len(parts) > 0 && joints[low] && i+1 < len(u.raw) && isCompanyWord(u.raw[i+1]) && !common[fold(strings.ToLower(strings.TrimRight(u.raw[i+1], ".,!?")))]:
			parts = append(parts, w)
		default:
			i = len(u.raw)
			continue
		}
		if last := u.raw[i]; strings.HasSuffix(last, ",") || ends(last) {
			break
		}
	}
	if len(parts) == 0 || len(parts) == 1 && (places[fold(strings.ToLower(parts[0]))] || placeholder.MatchString(parts[0])) {
		return "", from
	}
	return strings.Join(parts, " "), end
}

// article tells whether a capital article begins a company's name: "El Tornillo".
func article(u utterance, i int) bool {
	return slices.Contains([]string{"The", "El", "La", "Los", "Las"}, u.raw[i]) && i+1 < len(u.raw) && isCompanyWord(u.raw[i+1])
}

func isCompanyWord(w string) bool {
	w = strings.TrimFunc(w, func(r rune) bool { return strings.ContainsRune(`.,;:!?"()`, r) })
	if placeholder.MatchString(w) {
		return placeholder.FindStringSubmatch(w)[1] == "NAME"
	}
	r := []rune(w)
	return len(r) > 0 && (unicode.IsUpper(r[0]) && w != "I" && !strings.HasPrefix(w, "I'") || unicode.IsDigit(r[0]) && len(r) > 1 && unicode.IsLetter(r[len(r)-1]))
}

// contact finds the first placeholder of a kind in the caller's lines, or the value as it stands where
// nothing was redacted.
func contact(lines []utterance, name, kind string, literal *regexp.Regexp) detail {
	for i, u := range lines {
		if !u.caller {
			continue
		}
		for _, w := range u.words {
			if w.norm == kind {
				return detail{name, placeholder.FindString(u.raw[w.at]), 0.95, place{i, w.at, w.at + 1}}
			}
		}
		for k, r := range u.raw {
			if v := strings.TrimRight(r, ".,!?;:"); literal != nil && literal.MatchString(v) {
				return detail{name, v, 0.9, place{i, k, k + 1}}
			}
		}
	}
	return detail{}
}
