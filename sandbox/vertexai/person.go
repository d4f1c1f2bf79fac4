package vertexai

import (
	"slices"
	"strings"
	"unicode"
)

// Phrases that the caller's name follows.
var (
	wholeName = []pattern{
		compile("my|full name is|was"), compile("name is|was"), compile("this is"), compile("i am"), compile("it is"), compile("me llamo"), compile("nombre es"), compile("soy"),
		compile("le? habla|saluda"), compile("you are speaking|talking with|to"), compile("de parte de"), compile("myself"), compile("call me"), compile("name would be"),
		compile("make it out to"), compile("it|that would be"), compile("under the? name of?"), compile("a nombre de"),
	}
	firstName = []pattern{compile("first name is?"), compile("given name is?"), compile("nombre de pila es?")}
	lastName  = []pattern{compile("last|family name is?"), compile("surname is?"), compile("apellido|apellidos es|son?")}
	askName   = []pattern{
		compile("your * name"), compile("who am i * speaking|talking"), compile("who is * speaking|talking|calling|this"), compile("name|names please"), compile("name and"), compile("su|tu nombre"),
		compile("con quien * hablo|gusto"), compile("quien habla|llama"), compile("se|te llama|llamas"), compile("and you are"), compile("a name for"), compile("who should|shall|may i"), compile("de parte de quien"),
		compile("what|how do|should|can i call you"), compile("who have i got"), compile("whom am i"), compile("nombre completo"), compile("name on|for the"), compile("who do i"),
	}
	// introductions follow the caller's name.
	introductions = []pattern{
		compile("#name here|speaking|calling|again"), compile("#name is the|my name"), compile("#name from|with|over|at|of"), compile("#name this side"),
		compile("#name a el habla|aparato"), compile("#name le|te habla|hablo|saluda|llamo"), compile("#name de|desde"), compile("#name for|on behalf"), compile("#name para servirle"),
	}
	// ownName is how an agent gives his own.
	ownName = []pattern{
		compile("#name speaking|here|from|at|am"), compile("this|it is #name"), compile("my name is #name"), compile("i am #name"), compile("you are * speaking|talking to|with #name"), compile("you have got|reached #name"),
		compile("habla|saluda|atiende #name"), compile("soy #name"), compile("#name le habla|atiende|saluda"),
	}
	// ofOthers are words before a name that make it somebody else's.
	ofOthers = []pattern{
		compile("my|our|his|her|the|your wife|husband|son|daughter|boss|manager|colleague|partner|brother|sister|mother|father|mum|mom|dad|doctor|assistant|friend|neighbor|neighbour|accountant|director|technician|engineer|rep #name"),
		compile("his|her|their|son|daughter|wife|husband|boss|patient|customer|client name is|was #name"), compile("speak|talk|spoke|spoken|talked|talking|speaking to|with #name"), compile("ask|asked|asking|looking|look|care for|of #name"),
		compile("mr|mrs|ms|dr #name there|in|said|told|from"), compile("is|are #name there|in|available|around|home"), compile("seeing|meet|meeting|see|saw|met with? your? #name"), compile("with|to|for|from|by|and|than|about your? #name"),
		compile("mi|su|el|la|nuestra|nuestro esposo|esposa|mujer|marido|hijo|hija|jefe|jefa|socio|socia|companero|companera|hermano|hermana|doctor|doctora|amigo|amiga|colega #name"), compile("hablar|hable|hablo con #name"), compile("esta|encuentra #name"),
		compile("reach|find|call|called|calling|ring|phone|dial #name"),
	}
	addresses = set("hi hey hello thanks thank you gracias bye please perfect great ok okay sorry hola goodbye cheers morning well listen yes no")
)

// naming is what speaks for a name to be the caller's.
type naming struct {
	value string
	score float64
	at    place
}

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
	var best naming
	for _, n := range namings(lines) {
		if n.score > best.score && !slices.ContainsFunc(out, func(part detail) bool { return part.value == n.value }) {
			best = n
		}
	}
	switch {
	case len(out) == 1 && out[0].name == "last_name" && best.score >= 3: // "Lena. Last name's Kovacs."
		return append(out, detail{"first_name", best.value, 0.85, best.at})
	case len(out) > 0:
		return out
	}
	if best.score < 1.5 {
		best = shown(lines)
	}
	switch {
	case best.score >= 4:
		return []detail{{"name", best.value, 0.95, best.at}}
	case best.score >= 3:
		return []detail{{"name", best.value, 0.9, best.at}}
	case best.score >= 1.5:
		return []detail{{"name", best.value, 0.85, best.at}}
	}
	return nil
}

// namings are the names in the caller's lines, with what speaks for each.
func namings(lines []utterance) []naming {
	agents, called := agentNames(lines)
	var out []naming
	asked := false
	nth := 0
	for i, u := range lines {
		if !u.caller {
			asked = saysAny(u, askName)
			continue
		}
		nth++
		for k, w := range u.words {
			if w.norm != "#name" || k > 0 && u.words[k-1].norm == "#name" && !w.brk {
				continue
			}
			v, end := nameAt(u, w.at)
			if v == "" {
				continue
			}
			n := naming{value: v, at: place{i, w.at, end}}
			n.score = standing(u, k, end, nth) + called[v]
			if asked {
				n.score += 2.5
			}
			if agents[v] {
				n.score -= 6
			}
			if cue, from := cued(u, k); cue > 0 {
				n.score += cue
				n.at.from = from
			}
			out = append(out, n)
		}
	}
	return out
}

// shown finds a name that redaction has left standing: two or three words with capitals that are no firm's, where a name is
// asked for or given, or alone in the caller's first words.
func shown(lines []utterance) naming {
	var best naming
	asked, nth := false, 0
	for i, u := range lines {
		if !u.caller {
			asked = saysAny(u, askName)
			continue
		}
		nth++
		for k, w := range u.words {
			v, end := literalName(u, w.at)
			if v == "" || k > 0 && u.words[k-1].at == w.at {
				continue
			}
			score := 0.0
			alone := w.brk && (closes(u, end) || slices.Contains([]string{"from", "with", "at", "of", "here", "speaking", "de"}, bare(u.raw[end])))
			switch {
			case asked && alone:
				score = 2
			case nth <= 2 && alone && (k > 0 || !closes(u, end)):
				score = 1.5
			}
			for n := 1; n <= 5 && k-n >= 0; n++ {
				for _, p := range wholeName[:len(wholeName)-4] {
					if to, ok := p.match(u.words, k-n); ok && to == k && !negated(u.words, k-n) {
						score = 2.5
					}
				}
			}
			if score > best.score {
				best = naming{v, score, place{i, w.at, end}}
			}
		}
	}
	return best
}

// literalName reads two or three words with capitals that may be a person's name.
func literalName(u utterance, from int) (string, int) {
	end := from
	var parts []string
	for ; end < len(u.raw) && len(parts) < 3; end++ {
		w := strings.TrimFunc(u.raw[end], func(r rune) bool { return strings.ContainsRune(`.,;:!?`, r) })
		low := bare(w)
		if len([]rune(w)) < 2 || !unicode.IsUpper([]rune(w)[0]) || strings.ToUpper(w) == w || strings.ContainsAny(w, "0123456789[&") ||
			common[low] || trades[low] || places[low] || noCompany[low] || days[low] || courtesies[low] || strings.HasPrefix(low, "i'") {
			break
		}
		parts = append(parts, w)
		if closes(u, end+1) {
			end++
			break
		}
	}
	if len(parts) < 2 || end < len(u.raw) && isCompanyWord(u.raw[end]) && !closes(u, end) {
		return "", from
	}
	return strings.Join(parts, " "), end
}

// courtesies begin what callers say, with a capital.
var courtesies = set("good morning afternoon evening day dear madam sir many best kind let tell just can could mother father god bless happy thank bye oh ah yeah yes no")

// cued tells what the words before a name or after it say for it, and where they begin.
func cued(u utterance, k int) (score float64, from int) {
	from = u.words[k].at
	before := func(p pattern) int {
		for n := 1; n <= 6 && k-n >= 0; n++ {
			if end, ok := p.match(u.words, k-n); ok && (end == k || end == k+1) {
				return k - n
			}
		}
		return -1
	}
	for _, p := range ofOthers {
		if at := before(p); at >= 0 {
			score = -3
			break
		}
		if _, ok := p.match(u.words, k); ok {
			score = -3
		}
	}
	for _, p := range wholeName {
		if at := before(p); at >= 0 && score == 0 {
			if negated(u.words, at) {
				return -6, from
			}
			return 5, u.words[at].at
		}
	}
	for _, p := range introductions {
		if _, ok := p.match(u.words, k); ok && score == 0 {
			return 3, from
		}
	}
	return score, from
}

// standing is what a name's place in the line says: one that stands for itself in the caller's first words is his own,
// unless he speaks to somebody by it.
func standing(u utterance, k, end, nth int) float64 {
	if k > 0 && isTitle(u.words[k-1].norm) {
		k--
	}
	clause := u.words[k].brk && closes(u, end)
	switch {
	case k > 0 && addresses[u.words[k-1].norm] && !u.words[k].brk:
		return -1
	case nth <= 2 && clause && k > 0 && thanked(u, k):
		return 0.5
	case nth <= 2 && clause:
		return 2
	case clause && end == len(u.raw) && k == 0:
		return 1
	}
	return 0
}

// agentNames are the names that agents gave as their own or spoke of before the caller did, and what speaks for those by
// which they called the caller.
func agentNames(lines []utterance) (own map[string]bool, called map[string]float64) {
	own, called = map[string]bool{}, map[string]float64{}
	said := map[string]bool{}
	for _, u := range lines {
		for k, w := range u.words {
			if w.norm != "#name" {
				continue
			}
			v, _ := nameAt(u, w.at)
			switch {
			case u.caller:
				said[v] = true
			case saysAt(u, k, ownName) || !said[v]:
				own[v] = true
			case k > 0 && (isTitle(u.words[k-1].norm) || titles[u.words[k-1].norm]):
				called[v] += 2
			case w.brk || k > 0 && addresses[u.words[k-1].norm]:
				called[v]++
			}
		}
	}
	return own, called
}

var titles = set("senor senora senorita sir madam ma'am")

// saysAny tells whether one of the phrases stands in a line.
func saysAny(u utterance, phrases []pattern) bool {
	return slices.ContainsFunc(phrases, func(p pattern) bool {
		for k := range u.words {
			if _, ok := p.match(u.words, k); ok {
				return true
			}
		}
		return false
	})
}

// saysAt tells whether one of the phrases runs over a word.
func saysAt(u utterance, at int, phrases []pattern) bool {
	return slices.ContainsFunc(phrases, func(p pattern) bool {
		for k := max(0, at-6); k <= at; k++ {
			if end, ok := p.match(u.words, k); ok && end > at {
				return true
			}
		}
		return false
	})
}

// thanked tells whether the words before a name are said to whom it belongs.
func thanked(u utterance, k int) bool {
	return k > 0 && !ends(u.raw[u.words[k].at-1]) && slices.Contains([]string{"thanks", "thank", "you", "gracias", "bye", "please", "perfect", "great", "ok", "okay", "sorry"}, u.words[k-1].norm)
}

// closes tells whether a clause ends before a word.
func closes(u utterance, end int) bool {
	return end >= len(u.raw) || ends(u.raw[end-1]) || strings.HasSuffix(u.raw[end-1], ",")
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
