package app

import "testing"

func TestSaysYes(t *testing.T) {
	tests := []struct {
		language, said string
		want           bool
	}{
		{"en-US", "Yes.", true}, {"en-US", "yeah, sure", true}, {"en-GB", "I agree", true},
		{"en-US", "no", false}, {"en-US", "Yes, but not recorded", false}, {"en-US", "I don't agree", false},
		{"en-US", "I do not consent", false}, {"en-US", "what?", false}, {"en-US", "yesterday", false}, {"en-US", "", false},
		{"es-US", "Sí, claro", true}, {"es-MX", "no acepto", false}, {"es", "sí pero no grabe", false},
	}
	for _, tt := range tests {
		if got := saysYes(tt.language, tt.said); got != tt.want {
			t.Errorf("%s: %t, want %t", tt.language, got, tt.want)
		}
	}
}
