package calls

import "math"

const (
	// toneFrame is the stretch that is looked at at once: 64 ms, so that a bin is 15.6 Hz wide.
	toneFrame = 512
	// toneLooks is how many spans of an utterance are looked at, tonePeak the share of a span's power that a tone holds
	// in its peak, and toneShare the share of the spans. A sung vowel has its power in many harmonics.
	toneLooks, tonePeak, toneShare = 20, 0.97, 0.9
)

// tone tells whether a stretch is nothing but a beep: sound that is the same everywhere, so that no place in it can be
// told from another.
func tone(sound []byte) bool {
	looks := min(toneLooks, len(sound)/toneFrame)
	seen, pure := 0, 0
	for i := range looks {
		at := i * (len(sound) - toneFrame) / max(looks-1, 1)
		peak, loud := peakOf(sound[at : at+toneFrame])
		if !loud {
			continue
		}
		seen++
		if peak >= tonePeak {
			pure++
		}
		if float64(seen-pure) > (1-toneShare)*toneLooks {
			return false // most sound is speech: three looks settle it
		}
	}
	return seen > 0 && float64(pure) >= toneShare*float64(seen)
}

// peakOf returns which share of a span's power its strongest frequency holds, with the two bins on either side that a
// Hann window spreads it over.
func peakOf(frame []byte) (share float64, loud bool) {
	var windowed [toneFrame]float64
	for i, b := range frame {
		windowed[i] = float64(linear(b)) * (1 - math.Cos(2*math.Pi*float64(i)/toneFrame)) / 2
	}
	var power [toneFrame / 2]float64
	total, peak := 0.0, 1
	for k := 1; k < len(power); k++ {
		re, im := 0.0, 0.0
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / toneFrame)
		c, s := 1.0, 0.0
		for _, x := range windowed {
			re, im = re+x*c, im+x*s
			c, s = c*cos-s*sin, s*cos+c*sin
		}
		power[k] = re*re + im*im
		total += power[k]
		if power[k] > power[peak] {
			peak = k
		}
	}
	for k := max(peak-2, 1); k <= min(peak+2, len(power)-1); k++ {
		share += power[k]
	}
	const quiet = 1e9 // of 512 samples at 1/100 of full scale
	return share / max(total, 1), total > quiet
}
