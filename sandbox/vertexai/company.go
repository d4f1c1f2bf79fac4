//nolint:misspell // part of it is Spanish
package vertexai

import (
	"slices"
	"strings"
	"unicode"
)

// Phrases that a company follows.
var (
	ofCompany = []pattern{
		compile("calling|call|called|phoning|ringing|speaking|ring|phone|writing from|for"), compile("on behalf of"), compile("#name calling|speaking? from|with|of|at|over|for|over"),
		compile("#name over|here|down|up|out at|from"), compile("here|over|down|up at"), compile("i am with|from|at|of"), compile("we are here? with|from|at"), compile("it is #name with|from|at|of|over"),
		compile("i am over|down|here|up at"), compile("i am working for|at|with"), compile("i work for|at|with|over"), compile("we work for|at|with"),
		compile("i am|was the|a|an|one * at|for|with|of|from"), compile("i|we run|own|manage|represent|head|lead|supervise|oversee|handle"), compile("i have|got|opened|started|founded got?"),
		compile("i|we run|own|manage|represent|head|lead|supervise|oversee|handle|do|keep|buy|look|answer|teach|cook|work|drive * at|for|of|with|over"), compile("representing"),
		compile("in charge|responsible|accountable of|for * at|for|with|of"), compile("care of * at|for|with"),
		compile("my|our company|business|firm|organization|organisation|shop|store|practice|agency|office|restaurant|school|clinic|studio is|named|called?"),
		compile("my|our company|business|firm|organization|organisation|shop|store|practice|agency|office|restaurant|school|clinic|studio is? named|called"),
		compile("company|business|firm|organization|organisation|shop|store|practice|agency|office|restaurant|school|clinic|studio|bakery|garage|hotel|farm|cafe|salon|charity is? named|called"),
		compile("company|business|firm|organization|organisation|shop|store|practice|agency name is|would"), compile("name of * company|business|firm|shop|store is"), compile("it|we is|are called"), compile("trading as"), compile("from a|the * called"),
		compileWith("#name de|desde la|el|los|las? @negocio?", families()), compile("llamo|llamamos|hablo|hablamos|marco|marcamos|llamando de|desde"), compile("trabajo|trabajamos en|para|con"),
		compileWith("mi|nuestra|nuestro|la|el @negocio es|se? llama?", families()), compileWith("de|desde|en|para la|el|mi|nuestra|nuestro @negocio", families()), compile("soy|somos de"),
		compile("tengo|tenemos|llevo|llevamos|manejo|dirijo|regento|administro un|una|el|la?"), compile("soy * de la|el|los|las?"), compile("represento|representamos a?"), compile("en nombre de"), compile("de parte de"), compile("encargado|encargada|dueno|duena|gerente|administrador|administradora de"),
	}
	weAreCompany = []pattern{compile("we are"), compile("somos"), compile("this is"), compile("aqui")}
	askCompany   = []pattern{
		compile("your|which|what * company|business|organization|firm|outfit"), compile("which company"), compile("su|que|cual|de * empresa|compania|negocio"), compile("where are you calling|ringing|phoning from"),
		compile("calling|ringing from"), compile("name and company"), compile("company name"), compile("de donde"), compile("who are you with"),
	}
	// toCompany are words before a name that make it no company of the caller's.
	fromWords = set("from with at of for de del")
	toCompany = set("in to into on near is reach like by through than via under using use uses into your microsoft called dial dialed dialled en hacia")
)

// company finds where the caller calls from.
func company(lines []utterance) detail {
	theirs := agentCompanies(lines)
	take := func(u utterance, from int) (string, int) {
		v, end := companyAt(u, from)
		if theirs[strings.ToLower(v)] {
			return "", from
		}
		return v, end
	}
	d, ok := after(lines, "company", ofCompany, take)
	if d.sure = 0.9; ok {
		return d
	}
	if d, ok = beside(lines, take); ok {
		d.sure = 0.88
		return d
	}
	if d, ok = after(lines, "company", weAreCompany, func(u utterance, from int) (string, int) {
		v, end := weAre(u, from)
		if theirs[strings.ToLower(v)] {
			return "", from
		}
		return v, end
	}); ok {
		d.sure = 0.88
		return d
	}
	d, _ = answered(lines, "company", askCompany, func(u utterance, from int) (string, int) {
		if v, end := take(u, from); !onlyNames(v) {
			return v, end
		}
		return "", from
	})
	d.sure = 0.85
	return d
}

// beside finds a company that stands for itself beside the caller's name, before "here" or "speaking", or beside the kind
// of business that it is: "[NAME_1], Valley Coaches", "Valley Coaches here", "a little bakery, Morning Star Bakery".
func beside(lines []utterance, take taker) (detail, bool) {
	var best detail
	most, nth := 0.0, 0
	for i, u := range lines {
		if !u.caller {
			continue
		}
		nth++
		for k := range u.raw {
			if !isCompanyWord(u.raw[k]) || k > 0 && isCompanyWord(u.raw[k-1]) && !closes(u, k) {
				continue
			}
			v, end := take(u, k)
			if v == "" {
				v, end = hiddenFirm(u, k)
			}
			if v == "" {
				continue
			}
			if score := aside(u, k, end, v, nth); score > most && score >= 2 {
				best, most = detail{name: "company", value: v, at: place{i, k, end}}, score
			}
		}
	}
	return best, best.value != ""
}

// hiddenFirm is a firm that was taken for a person and stands beside the caller's own name, or the trade that it is in:
// "[NAME_1], [NAME_2], we're customers".
func hiddenFirm(u utterance, k int) (string, int) {
	v := placeholder.FindString(u.raw[k])
	if v == "" || k == 0 || !closes(u, k+1) || !strings.HasSuffix(u.raw[k-1], ",") {
		return "", k
	}
	if before := placeholder.FindString(u.raw[k-1]); before != "" && before != v || trades[bare(u.raw[k-1])] && k > 1 {
		return v, k + 1
	}
	return "", k
}

// aside is what speaks for a run of capitals to be the caller's company, by what stands beside it.
func aside(u utterance, from, end int, v string, nth int) float64 {
	parts := strings.Fields(v)
	last := fold(strings.ToLower(strings.TrimSuffix(strings.Trim(parts[len(parts)-1], ".,'"), "'s")))
	first := fold(strings.ToLower(parts[0]))
	trade := trades[last] || trades[first] || onlyNames(v)
	score := 0.0
	if trade {
		score += 1.2
	}
	if len(parts) > 1 {
		score += 0.6
	}
	before, after := "", ""
	if from > 0 {
		before = strings.Join(normal(u.raw[from-1]), " ")
	}
	if end < len(u.raw) {
		after = strings.Join(normal(u.raw[end]), " ")
	}
	parted := from == 0 || closes(u, from)
	switch {
	case parted && namedBefore(u, from):
		score += 1.6
	case parted && end < len(u.raw) && closes(u, end) && after == "#name":
		score += 1.6
	case after == "here" || after == "speaking" || after == "calling" || after == "aqui":
		score += 1.5
	case parted && from > 0 && trades[fold(before)]:
		score += 1
	case !parted && from > 1 && closes(u, from-1) && fromWords[before]:
		score += 1.4
	case !parted && fromWords[before]:
		score += 0.4
	case before == "and" || before == "y":
		score += 0.3
	case !parted && toCompany[before]:
		score -= 3
	case !parted:
		score--
	}
	if closes(u, end) && (strings.HasPrefix(after, "we are") || strings.HasPrefix(after, "it is") || after == "we" || after == "a" || after == "the" || after == "somos" || after == "una" || after == "un") {
		score += 0.4
	}
	if nth > 3 {
		score -= 0.3
	}
	if parted && from > 0 && ends(u.raw[from-1]) && !closes(u, end) {
		score-- // a sentence of its own begins so
	}
	return score
}

// namedBefore tells whether the clause before is the caller's name, or ends with it: "[NAME_1] here, …".
func namedBefore(u utterance, from int) bool {
	for k := max(0, from-3); k < from; k++ {
		if v, end := literalName(u, k); v != "" && end == from && (k == 0 || closes(u, k) || !isCompanyWord(u.raw[k-1])) {
			return true
		}
	}
	for k := from - 1; k >= 0 && k >= from-2; k-- {
		w := normal(u.raw[k])
		if len(w) == 1 && w[0] == "#name" {
			return true
		}
		if len(w) != 1 || w[0] != "here" && w[0] != "speaking" {
			return false
		}
	}
	return false
}

// agentCompanies are what agents call themselves before the caller has said anything like it.
func agentCompanies(lines []utterance) map[string]bool {
	out := map[string]bool{}
	for i, u := range lines {
		if u.caller {
			if i > 2 {
				break
			}
			continue
		}
		for k := range u.raw {
			if v, _ := companyAt(u, k); v != "" {
				out[strings.ToLower(v)], out[bare(u.raw[k])] = true, true
			}
		}
	}
	return out
}

// onlyNames tells whether a company's name is nothing but names of persons, which may as well be persons.
func onlyNames(v string) bool {
	return !slices.ContainsFunc(strings.Fields(v), func(w string) bool { return !placeholder.MatchString(w) })
}

// weAre is a company where several speak of themselves by one name, or one that is explained at once: "we're
// Copper Kettle, a small bakery".
func weAre(u utterance, from int) (string, int) {
	if v, end := companyAt(u, from); len(strings.Fields(v)) > 1 && !placeholder.MatchString(v) {
		return v, end
	}
	if m := placeholder.FindStringSubmatch(u.raw[from]); m != nil && m[1] == "NAME" && strings.HasSuffix(u.raw[from], ",") && from > 0 && strings.HasPrefix(strings.ToLower(u.raw[from-1]), "we") {
		return m[0], from + 1
	}
	return "", from
}

// joints hold a company's name together between words with capitals.
var joints = set("and & of the de del y la los las for e et und on at von van di da le les du 'n' n")

// places are what callers call from that is no company; the states and the largest cities will do.
var places = set(`alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho illinois indiana iowa
 kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska nevada ohio oklahoma oregon
 pennsylvania tennessee texas utah vermont virginia washington wisconsin wyoming chicago boston dallas houston seattle denver miami
 atlanta phoenix philadelphia portland austin london madrid barcelona mexico canada spain england ireland scotland wales france germany italy
 india australia dublin paris berlin brooklyn queens manhattan monterrey guadalajara sevilla valencia bogota lima argentina chile colombia peru
 puebla cordoba toronto vancouver sydney mumbai delhi`)

// noCompany are words with a capital that name nobody's business.
var noCompany = set(`i'm i'll i've i'd excel windows google mandarin french german italian japanese chinese powerpoint christmas easter wifi internet
 facebook zoom outlook gmail yahoo ipad iphone android mac pdf vat usb english spanish god jesus ok tv pc sms pin`)

// trades are words that businesses call themselves by, first or last.
var trades = set(`bakery bakeries dental dentistry hotel hotels inn logistics freight shipping transport trucking towing motors auto autos garage cars coaches bus buses
 inc ltd llc llp gmbh corp corporation company co group holdings partners associates sons son brothers bros sisters daughters family
 clinic clinics hospital surgery veterinary vets vet pharmacy pharmacies optical opticians optics physio physiotherapy chiropractic orthodontics health healthcare medical care wellness therapy
 spa salon barbers barber cuts hair beauty nails studio studios yoga fitness gym gyms pilates dance
 school schools academy college university nursery kindergarten daycare preschool library museum gallery theatre theater church parish charity foundation trust bank union
 restaurant grill diner deli cafe coffee tea bistro bar pub pizza pizzeria kitchen catering foods food bakehouse brewing brewery winery cellars vineyards wines spirits distillery tavern roasters roastery creamery dairy
 farm farms orchard orchards ranch nurseries garden gardens landscaping florist florists flowers blooms feed seeds
 plumbing heating roofing electric electrical electronics construction builders building contractors carpentry joinery flooring tiles glass glazing windows painting paving masonry cleaning cleaners laundry pest control locksmiths security solar energy
 hardware tools lumber timber supply supplies equipment rentals rental machinery engineering fabrication steel metals metalworks welding industries manufacturing
 print printing press publishing books bookshop media films photography design designs architects architecture interiors furniture upholstery lighting
 textiles fabrics tailoring clothing apparel fashion boutique shoes jewelers jewellers jewelry watches candles crafts pottery ceramics toys games gifts antiques auction house
 travel tours cruises yachts ferries marine marina boats sailing aviation airlines taxi taxis cabs limousines bikes cycles outfitters sports golf club
 insurance finance financial capital accounting accountants tax legal law solicitors consulting consultants advisors realty properties property estates homes housing lettings rentals mortgage
 software systems technologies tech digital labs solutions services imports exports trading traders wholesale observatory zoo aquarium rink lanes arena stadium hospice shelter rescue council orchestra centre center agency office house ward market markets grocery grocers butchers seafood fisheries spices organics naturals
 pianos music instruments records events weddings funeral entertainment productions pets kennels grooming stables petcare shop store stores outlet works workshop depot storage removals moving couriers
 panaderia ferreteria hotel clinica colegio escuela instituto estudio gimnasio restaurante taller talleres bodega bodegas muebles papeleria libreria farmacia farmacias cafeteria peluqueria optica floristeria carniceria pasteleria
 transportes construcciones constructora inmobiliaria viajes despacho bufete asesoria consultora consultorio laboratorio laboratorios distribuidora comercial grupo almacenes textiles supermercado supermercados zapateria joyeria
 tienda tiendas hostal residencia fundacion asociacion cooperativa agencia autoescuela lavanderia tintoreria imprenta refaccionaria refacciones taqueria heladeria vinos hermanos hijos compania editorial academia guarderia veterinaria fruteria pescaderia muebleria hacienda rancho granja vivero`)

// companyAt reads a run of words with capitals, a placeholder among them, and the kind of business before it.
func companyAt(u utterance, from int) (string, int) {
	i := from
	for i < len(u.raw) && slices.Contains([]string{"the", "a", "an", "del", "la", "el", "los", "las"}, u.raw[i]) {
		i++
	}
	for i > 0 && i < len(u.raw) && isCompanyWord(u.raw[i]) && !closes(u, i) && isCompanyWord(u.raw[i-1]) && trades[bare(u.raw[i-1])] {
		i--
	}
	var parts []string
	end := i
	for ; i < len(u.raw) && len(parts) < 7; i++ {
		w := strings.TrimFunc(u.raw[i], func(r rune) bool { return strings.ContainsRune(`.,;:!?"()`, r) })
		low := fold(strings.ToLower(w))
		switch {
		case isCompanyWord(w) && (!common[low] || article(u, i) || len(parts) > 0 && !days[low]) && !noCompany[low]:
			parts, end = append(parts, w), i+1
		case len(parts) > 0 && joints[low] && i+1 < len(u.raw) && joined(u, i):
			parts = append(parts, w)
		default:
			i = len(u.raw)
			continue
		}
		if last := u.raw[i]; strings.HasSuffix(last, ",") || ends(last) && !abbreviated(u, i) {
			break
		}
	}
	for len(parts) > 0 && joints[fold(strings.ToLower(parts[len(parts)-1]))] {
		parts = parts[:len(parts)-1]
	}
	if len(parts) == 0 || len(parts) == 1 && places[bare(parts[0])] || onlyNames(strings.Join(parts, " ")) && !(len(parts) == 1 && whence(u, end-1)) {
		return "", from
	}
	return owned(u, strings.Join(parts, " "), end), end
}

// whence tells whether the words before a placeholder say that the caller calls from there, so that it hides a firm: people
// are not called from.
func whence(u utterance, at int) bool {
	if at == 0 {
		return false
	}
	before, beforeThat := bare(u.raw[at-1]), ""
	if at > 1 {
		beforeThat = bare(u.raw[at-2])
	}
	if (before == "with" || before == "at") && (beforeThat == "i'm" || beforeThat == "we're" || beforeThat == "am") {
		return true
	}
	return before == "from" || before == "own" || before == "run" || before == "manage" || before == "representing" || before == "del" || (before == "la" || before == "los" || before == "las") && beforeThat == "de"
}

// joined tells whether what follows a joint at i belongs to the name before it.
func joined(u utterance, i int) bool {
	for k := i + 1; k < len(u.raw) && k <= i+2; k++ {
		if isCompanyWord(u.raw[k]) {
			return !common[bare(u.raw[k])] && !strings.HasPrefix(strings.ToLower(u.raw[k]), "i'")
		}
		if !joints[bare(u.raw[k])] {
			return false
		}
	}
	return false
}

// abbreviated tells whether a point at the end of a word is one of an abbreviation: "St. Mary's".
func abbreviated(u utterance, i int) bool {
	return slices.Contains([]string{"st.", "dr.", "mt.", "mr.", "mrs."}, strings.ToLower(u.raw[i])) && i+1 < len(u.raw) && isCompanyWord(u.raw[i+1])
}

// owned takes the ending off a company that owns what follows: "Blue Door Cafe's kitchen".
func owned(u utterance, v string, end int) string {
	if cut, ok := strings.CutSuffix(v, "'s"); ok && len(strings.Fields(v)) > 1 && end < len(u.raw) && !closes(u, end) && strings.ToLower(u.raw[end]) == u.raw[end] {
		return cut
	}
	return v
}

// bare is a word as lists of words have it.
func bare(w string) string {
	return fold(strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return strings.ContainsRune(`.,;:!?"()¿¡`, r) })))
}

// article tells whether a capital article begins a company's name: "El Tornillo".
func article(u utterance, i int) bool {
	return slices.Contains([]string{"The", "El", "La", "Los", "Las"}, u.raw[i]) && i+1 < len(u.raw) && isCompanyWord(u.raw[i+1])
}

func isCompanyWord(w string) bool {
	w = strings.TrimFunc(w, func(r rune) bool { return strings.ContainsRune(`.,;:!?"()¿¡`, r) })
	if placeholder.MatchString(w) {
		return placeholder.FindStringSubmatch(w)[1] == "NAME"
	}
	r := []rune(w)
	return len(r) > 0 && (unicode.IsUpper(r[0]) && w != "I" && !strings.HasPrefix(w, "I'") || unicode.IsDigit(r[0]) && len(r) > 1 && unicode.IsLetter(r[len(r)-1]) || w == "&")
}
