package events_test

import (
	"testing"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// TestSplitName is the one table of cases: inference and the writer both go by it.
func TestSplitName(t *testing.T) {
	given := func(w string) bool { return w == "Andrea" || w == "Luis" || w == "José" || w == "María" }
	for _, c := range []struct{ name, language, first, last string }{
		{"Martin Whitfield", "en-US", "Martin", "Whitfield"},
		{"Mary Ann Smith", "en-US", "Mary Ann", "Smith"},
		{"María García López", "es-US", "María", "García López"},
		{"Ana de la Torre", "es-US", "Ana", "de la Torre"},
		{"Ludwig van Beethoven", "en-US", "Ludwig", "van Beethoven"},
		{"Mr. Whitfield", "en-US", "", "Whitfield"},
		{"señora García", "es-MX", "", "García"},
		{"Olga", "en-US", "Olga", ""},
		{"van der Merwe", "en-US", "", "van der Merwe"},
		{"Pieter van der Merwe", "en-US", "Pieter", "van der Merwe"},
		{"De Vries", "en-US", "", "De Vries"},
		{"Al Haroun", "en-US", "Al", "Haroun"},
		{"Khalid bin Rashid", "en-US", "Khalid", "bin Rashid"},
		{"Mary-Jane Abernathy-Wu", "en-US", "Mary-Jane", "Abernathy-Wu"},
		{"Robert Quarles Jr.", "en-US", "Robert", "Quarles Jr."},
		{"Yuliana Andrea Ospina", "es-US", "Yuliana Andrea", "Ospina"},
		{"José Luis de la Torre", "es-ES", "José Luis", "de la Torre"},
		{"María José del Río y Zúñiga", "es-ES", "María José", "del Río y Zúñiga"},
		{"Refugio Tlatelpa", "es-MX", "Refugio", "Tlatelpa"},
		{"Anna", "en-US", "Anna", ""},
		{"Ana García López", "es-US", "Ana", "García López"},
		{"", "en-US", "", ""},
	} {
		if first, last := events.SplitName(c.name, c.language, given); first != c.first || last != c.last {
			t.Errorf("%q: %q, %q", c.name, first, last)
		}
	}
}

// TestSplitNameWithoutAList: nobody knows that Andrea is a given name.
func TestSplitNameWithoutAList(t *testing.T) {
	if first, last := events.SplitName("Yuliana Andrea Ospina", "es-US", nil); first != "Yuliana" || last != "Andrea Ospina" {
		t.Errorf("%q, %q", first, last)
	}
}
