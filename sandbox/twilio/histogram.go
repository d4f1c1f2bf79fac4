package twilio

import (
	"math"
	"time"
)

// histogram counts durations in buckets that grow by 2 %, from 10 us to over a minute, so that a percentile is
// right to 2 % whatever the number of samples. The zero value is empty. Not safe for concurrent use.
type histogram struct {
	counts [buckets]uint64
	n      uint64
	most   time.Duration
}

const (
	buckets    = 800
	firstUpper = 10 * time.Microsecond
	growth     = 1.02
)

func (h *histogram) add(d time.Duration) {
	i := 0
	if d > firstUpper {
		i = min(int(math.Ceil(math.Log(float64(d)/float64(firstUpper))/math.Log(growth))), buckets-1)
	}
	h.counts[i]++
	h.n++
	h.most = max(h.most, d)
}

// at returns the duration that a share of the samples does not exceed.
func (h *histogram) at(share float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(math.Ceil(share * float64(h.n)))
	var seen uint64
	for i, c := range h.counts {
		seen += c
		if seen >= rank && i < buckets-1 {
			return min(time.Duration(float64(firstUpper)*math.Pow(growth, float64(i))), h.most)
		}
	}
	return h.most
}

func (h *histogram) summary() Latency {
	return Latency{P50: millis(h.at(0.50)), P99: millis(h.at(0.99)), Max: millis(h.most)}
}

func millis(d time.Duration) float64 { return math.Round(float64(d)/float64(time.Microsecond)) / 1000 }
