package recogniser

import "math/bits"

// Voice is the [Format.Level] between a line's noise and a voice: about 40 dB under the loudest.
const Voice = 40

// Level is the mean of the samples' magnitudes on mu-law's own scale, which is nearly logarithmic: 0 to 127.
func (f Format) Level(data []byte) int {
	sum, n := 0, 0
	if f.Encoding == Linear16 {
		for i := 0; i+1 < len(data); i += 2 {
			v := int(int16(uint16(data[i]) | uint16(data[i+1])<<8))
			sum += 8 * bits.Len(uint(max(v, -v)>>1))
			n++
		}
	} else {
		for _, b := range data {
			sum += int(^b & 0x7F)
		}
		n = len(data)
	}
	return sum / max(n, 1)
}

// Quiet tells whether nobody can have spoken in data.
func (f Format) Quiet(data []byte) bool {
	n := f.Bytes(20)
	for len(data) >= n {
		if f.Level(data[:n]) > Voice {
			return false
		}
		data = data[n:]
	}
	return f.Level(data) <= Voice
}
