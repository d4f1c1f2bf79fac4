package vertexai

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// moment is a time as somebody named it: a day, an hour or both.
type moment struct {
	day, hour string
	whole     string // as it stands
	caller    bool
	asks      bool
	fixes     bool // its sentence says that it is fixed
	at        place
}

// moments are the times that are named in a call, in order, but for those at which somebody calls or sends something.
func (g *gist) moments() []moment {
	var out []moment
	for _, s := range g.said {
		if !s.caller && s.does(actCalls, actQuotes, actTransfers, actTells) {
			continue
		}
		for k := 0; k < len(s.raw); k++ {
			m := moment{caller: s.caller, asks: s.asks(), fixes: s.does(actBooks, actMoves, actTickets)}
			v, end := timeAt(s.utterance, k)
			if v != "" {
				m.day, m.hour = parted(v)
			} else if v, end = hourAt(s.utterance, k); v != "" {
				m.hour = v
			} else {
				continue
			}
			left := k > 0 && slices.Contains([]string{"from", "del"}, bare(s.raw[k-1])) && (end >= len(s.raw) || bare(s.raw[end]) != "on") // what was before
			if m.whole, m.at = v, (place{s.line, s.from + k, s.from + end}); !left {
				out = append(out, m)
			}
			k = end - 1
		}
	}
	return out
}

// together is a day and an hour as they would be said.
func together(day, hour string) string {
	first, _, _ := strings.Cut(hour, " ")
	switch {
	case day == "" || hour == "":
		return day + hour
	case withDay[bare(first)] && !hourWords[bare(first)]:
		return day + " " + hour
	case dayparts[bare(first)]:
		return day + ", " + hour
	}
	return day + " at " + hour
}

// parted is the day and the hour of a time that has both.
func parted(v string) (day, hour string) {
	ws := strings.Fields(v)
	for i := 1; i < len(ws); i++ {
		w := bare(ws[i])
		month := i > 0 && days[bare(ws[i-1])] && !weekdays[bare(ws[i-1])]
		if !hourLike(w) || month && w == strings.Trim(w, ":.apm") {
			continue
		}
		from := i
		for from > 1 && loose[bare(ws[from-1])] {
			from--
		}
		return strings.Join(ws[:from], " "), strings.Join(ws[from:], " ")
	}
	return v, ""
}

// hourLike tells whether a word is an hour: "3", "10:15", "5pm", "noon", "ten".
func hourLike(w string) bool {
	if hourWords[w] {
		return true
	}
	head := strings.TrimRight(strings.TrimRight(w, "apm."), " ")
	h, m, minutes := strings.Cut(strings.ReplaceAll(head, ".", ":"), ":")
	n, err := strconv.Atoi(h)
	return err == nil && n <= 23 && (!minutes || len(m) == 2 && strings.Trim(m, "0123456789") == "")
}

var (
	hourWords = set(`one two three four five six seven eight nine ten eleven twelve noon midday half oclock o'clock una dos tres cuatro cinco seis siete ocho nueve
 diez once doce mediodia media`)
	greets     = set("buenas good buenos muy")
	dayparts   = set("mornings afternoons evenings mananas tardes")
	beforeHour = set("at around about by before after past half quarter say las la")
	afterHour  = set(`am pm a.m p.m oclock o'clock thirty fifteen fortyfive in on de por y then and please works would is if or sharp tomorrow today instead it that
 thanks ish and media suits will should but en`)
	ofHour   = set("am pm a.m p.m oclock o'clock thirty fifteen fortyfive y media de la tarde manana in the morning afternoon evening noche sharp")
	weekdays = set("monday tuesday wednesday thursday friday saturday sunday tomorrow today weekend lunes martes miercoles jueves viernes sabado domingo manana hoy")
)

// hourAt reads an hour without a day: "at 3 p.m.", "half past ten", "a las 11", "make it 3", "noon".
func hourAt(u utterance, from int) (string, int) {
	i := from
	for i < len(u.raw) && i < from+3 && (beforeHour[bare(u.raw[i])] || bare(u.raw[i]) == "a" && i+1 < len(u.raw) && strings.HasPrefix(bare(u.raw[i+1]), "la")) && !closes(u, i+1) {
		i++
	}
	if i >= len(u.raw) {
		return "", from
	}
	w := bare(u.raw[i])
	if dayparts[w] && (from == 0 || !greets[bare(u.raw[i-1])]) {
		return strings.ToLower(strings.Trim(u.raw[i], ".,;:!?")), i + 1
	}
	if !hourLike(w) || w == "half" || w == "media" || w == "o'clock" {
		return "", from
	}
	end, marked := i+1, strings.Contains(w, ":") || strings.HasSuffix(w, "m") || w == "noon" || w == "midday" || w == "mediodia"
	for end < len(u.raw) && !stops(u.raw[end-1]) && !strings.HasSuffix(u.raw[end-1], ",") && ofHour[bare(u.raw[end])] {
		marked = marked || bare(u.raw[end]) != "in" && bare(u.raw[end]) != "the"
		end++
	}
	for end > i+1 && (bare(u.raw[end-1]) == "the" || bare(u.raw[end-1]) == "in" || bare(u.raw[end-1]) == "de" || bare(u.raw[end-1]) == "la" || bare(u.raw[end-1]) == "y") {
		end--
	}
	asked := i > 1 && bare(u.raw[i-2]) == "make" && (bare(u.raw[i-1]) == "it" || bare(u.raw[i-1]) == "that")
	follows := closes(u, end) || afterHour[bare(u.raw[end])]
	if !marked && !(follows && (i > from || asked)) {
		return "", from
	}
	if from > 0 && slices.Contains([]string{"till", "until", "from", "since", "hasta"}, bare(u.raw[from-1])) {
		return "", from
	}
	return strings.ToLower(trimmed(u.raw[from:end])), end
}

// preferred finds the time that the caller wishes for: the first day that he names, or the last where he moves from one
// to another, and its hour.
func (g *gist) preferred(moves bool) detail {
	var day, hour moment
	for _, m := range g.moments() {
		switch {
		case !m.caller:
		case m.day != "" && (day.day == "" || moves):
			day = m
		case m.day == "" && hour.hour == "":
			hour = m
		}
	}
	switch {
	case day.day == "" && hour.hour == "":
		return detail{}
	case day.day == "":
		return detail{"preferred_time", hour.whole, 0.8, hour.at}
	case day.hour != "" || hour.hour == "":
		return detail{"preferred_time", day.whole, 0.85, day.at}
	}
	return detail{"preferred_time", together(day.day, hour.hour), 0.85, day.at}
}

// sameTime tells whether somebody speaks of the same hour on another day.
func (g *gist) sameTime() bool {
	return slices.ContainsFunc(g.said, func(s sentence) bool { return saysAny(s.utterance, sameHour) })
}

var sameHour = []pattern{compile("same time|hour"), compile("misma hora")}

// agreed finds the time that was settled on: what the agent stated last or, where he stated none, what was named last; a
// day without its hour takes the hour that was named last, and an hour its day.
func (g *gist) agreed(moved bool) detail {
	ms := g.moments()
	last := -1
	for i, m := range ms {
		full := last >= 0 && ms[last].day != "" && ms[last].hour != ""
		if !m.caller && !m.asks && (m.hour != "" || !full && (m.fixes || last < 0 || !ms[last].fixes)) {
			last = i
		}
	}
	if last < 0 {
		last = len(ms) - 1
	}
	var out moment
	before := false // the hour is that of an appointment which is moved
	for _, m := range ms[:last+1] {
		if m.day != "" {
			if out.day = m.day; before && m.hour == "" && !g.sameTime() {
				out.hour = ""
			}
		}
		if m.hour != "" {
			before = moved && m.caller && m.day != ""
		}
		if m.hour != "" {
			out.hour = m.hour
		}
		out.whole, out.at = m.whole, m.at
		if m.day == "" || m.hour == "" {
			out.whole = together(out.day, out.hour)
		}
	}
	return detail{"preferred_time", out.whole, 0.9, out.at}
}

var (
	// numbered is a day of the month in digits, which takes "the" before it; ordinals are the same in words.
	numbered = regexp.MustCompile(`^\d{1,2}(st|nd|rd|th)$`)
	ordinals = set(`first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
 sixteenth seventeenth eighteenth nineteenth twentieth thirtieth`)
	days = set(`monday tuesday wednesday thursday friday saturday sunday tomorrow today weekend lunes martes miercoles jueves viernes
 sabado domingo manana hoy january february march april june july august september october november december enero febrero
 marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre`)
	beforeDay = set("next following this the coming on early late proximo proxima este esta el la siguiente")
	withDay   = set(`at after before around between and by from in the of on until to morning afternoon evening noon midday night week month
 early late oclock am pm a.m p.m o'clock half past quarter next one two three four five six seven eight nine ten eleven twelve thirty fifteen forty
 fortyfive a las la las por de el en una dos tres cuatro cinco seis siete ocho nueve diez once doce y media tarde manana
 noche mediodia proximo proxima siguiente que viene semana`)
	loose = set("at after before around between and by from in the of on until to next early late half past a las la por de el en y que half")
)

// timeAt reads a day with what belongs to it: "next Tuesday at 3 p.m.", "el martes por la mañana".
func timeAt(u utterance, from int) (string, int) {
	plain := func(i int) string {
		return fold(strings.ToLower(strings.TrimFunc(u.raw[i], func(r rune) bool { return strings.ContainsRune(`.,;:!?"()¿¡`, r) })))
	}
	i := from
	for i < len(u.raw) && i < from+2 && beforeDay[plain(i)] && !days[plain(i)] {
		i++
	}
	if i >= len(u.raw) {
		return "", from
	}
	// "The week" alone names no time.
	next := i > from && slices.Contains([]string{"week", "month", "semana"}, plain(i)) && !slices.Contains([]string{"the", "on", "la", "el"}, plain(i-1))
	follows := ""
	if i+1 < len(u.raw) && !stops(u.raw[i]) {
		follows = plain(i + 1)
	}
	// "The 14th at 9" is a day, "the 3rd floor" is none.
	date := i > from && plain(i-1) == "the" && (numbered.MatchString(plain(i)) && (follows == "" || withDay[follows] || days[follows] || follows == "instead" || follows == "please") ||
		ordinals[plain(i)] && (follows == "of" || follows == "at"))
	if !days[plain(i)] && !next && !date {
		return "", from
	}
	end := i + 1
	for k := end; k < len(u.raw) && k < end+7 && !stops(u.raw[k-1]); k++ {
		w := plain(k)
		if (w == "to" || w == "until" || w == "para" || w == "a" || w == "al") && k+1 < len(u.raw) && (days[plain(k+1)] || beforeDay[plain(k+1)]) {
			break // from one day to another: two times
		}
		if !withDay[w] && !days[w] && !ordinals[w] && strings.Trim(w, "0123456789:stndrh") != "" && strings.Trim(w, "0123456789:apm.") != "" {
			break
		}
		if !loose[w] {
			end = k + 1
		}
	}
	words := slices.Clone(u.raw[from:end])
	for len(words) > 1 && (strings.EqualFold(words[0], "on") || strings.EqualFold(words[0], "the")) {
		words = words[1:]
	}
	return trimmed(words), end
}

// trimmed is a time without what stands around it; the point of "p.m." belongs to it.
func trimmed(words []string) string {
	v := strings.Trim(strings.Join(words, " "), ",;:!?¿¡")
	if !strings.HasSuffix(v, "p.m.") && !strings.HasSuffix(v, "a.m.") {
		v = strings.TrimRight(v, ".")
	}
	return v
}

// stops tells whether a sentence ends at a word, which "p.m." doesn't tell.
func stops(w string) bool {
	return ends(w) && !strings.HasSuffix(w, "p.m.") && !strings.HasSuffix(w, "a.m.")
}
