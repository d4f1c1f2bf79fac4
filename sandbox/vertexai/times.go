package vertexai

import (
	"regexp"
	"slices"
	"strings"
)

// preferred finds a time that the caller names: the first, or the last where he moves from one to another.
func preferred(lines []utterance, last bool) detail {
	var out detail
	for i, u := range lines {
		if !u.caller {
			continue
		}
		for k := 0; k < len(u.raw); k++ {
			v, end := timeAt(u, k)
			if v == "" {
				continue
			}
			out = detail{"preferred_time", v, 0.85, place{i, k, end}}
			if !last {
				return out
			}
			k = end
		}
	}
	return out
}

// agreed finds the time that the agent gave where he said that it is booked or moved. The fullest counts, since
// "you'll get an invite today" may follow it; of two alike the later, since one moves from the first.
func agreed(lines []utterance, ms []match, c concept) detail {
	var out detail
	for _, m := range ms {
		u := lines[m.line]
		if u.caller || m.phrase.concept != c || m.weight <= 0 {
			continue
		}
		for k := 0; k < len(u.raw); k++ {
			v, end := timeAt(u, k)
			if v == "" {
				continue
			}
			left := k > 0 && slices.Contains([]string{"from", "del"}, strings.ToLower(u.raw[k-1]))
			if !left && len(strings.Fields(v)) >= len(strings.Fields(out.value)) {
				out = detail{"preferred_time", v, 0.9, place{m.line, k, end}}
			}
			k = end - 1
		}
	}
	return out
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
	v := strings.Join(words, " ")
	if !strings.HasSuffix(v, "p.m.") && !strings.HasSuffix(v, "a.m.") {
		v = strings.TrimRight(v, ".,;:!?")
	}
	return v, end
}

// stops tells whether a sentence ends at a word, which "p.m." doesn't tell.
func stops(w string) bool {
	return ends(w) && !strings.HasSuffix(w, "p.m.") && !strings.HasSuffix(w, "a.m.")
}
