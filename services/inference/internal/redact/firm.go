package redact

// readFirms collects the words of names that are told to be a firm's, a place's or a product's: those with capitals
// before "Logistics" or "Winery", and those after "calling from". Wherever they stand again they are no person's, unless
// somebody introduces themself by them.
func (d *document) readFirms() {
	d.firms = map[string]bool{}
	for _, s := range d.streams {
		for i := range s.toks {
			switch {
			case companyEnding[s.norm(i)] && s.midCapital(i):
				for k := i - 1; k >= 0 && i-k <= 3 && s.capital(k) && joined(s.toks[k+1].gap) && !s.toks[k+1].first; k-- {
					d.firm(s, k)
				}
			case s.midCapital(i) && s.employer(i):
				for k := i; k < min(i+3, len(s.toks)) && s.midCapital(k) && (k == i || joined(s.toks[k].gap)); k++ {
					d.firm(s, k)
				}
			}
		}
	}
}

func (d *document) firm(s *stream, i int) {
	if w := s.toks[i].stem; !givenNames[w] || d.lang.ambiguous(w) {
		d.firms[w] = true
	}
}
