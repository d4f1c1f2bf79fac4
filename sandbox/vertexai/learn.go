package vertexai

import (
	"maps"
	"math"
	"slices"
)

// learnt is a logistic regression over signs in an utterance: how likely it is of each kind, by examples. It is trained
// once, always in the same order, and never changed.
type learnt[K ~string] struct {
	kinds   []K
	signs   map[string]int
	weights [][]float64 // of a sign, by kind
}

// How it is trained: so many times through all, by so large a first step. More of either fits the examples better and
// what nobody has said yet worse.
const (
	rounds = 5
	pace   = 0.2
)

// learn trains on the signs of examples.
func learn[K ~string](of map[K][][]string) *learnt[K] {
	l := &learnt[K]{kinds: slices.Sorted(maps.Keys(of)), signs: map[string]int{}}
	type example struct {
		signs []int
		kind  int
	}
	var all []example
	for k, kind := range l.kinds {
		for _, signs := range of[kind] {
			e := example{kind: k}
			for _, s := range signs {
				if _, ok := l.signs[s]; !ok {
					l.signs[s] = len(l.signs)
				}
				e.signs = append(e.signs, l.signs[s])
			}
			all = append(all, e)
		}
	}
	// What is seen often moves less: the step goes by the squares of the slopes so far.
	squares := make([][]float64, len(l.signs))
	l.weights = make([][]float64, len(l.signs))
	for s := range l.weights {
		l.weights[s], squares[s] = make([]float64, len(l.kinds)), make([]float64, len(l.kinds))
	}
	const stride = 7919 // a prime, to go through the kinds mixed
	p := make([]float64, len(l.kinds))
	for range rounds {
		for n := range all {
			e := all[(n*stride)%len(all)]
			l.chances(p, e.signs)
			p[e.kind]--
			for _, s := range e.signs {
				weights, sums := l.weights[s], squares[s]
				for k, slope := range p {
					sums[k] += slope * slope
					weights[k] -= pace * slope / math.Sqrt(sums[k]+1e-9)
				}
			}
		}
	}
	return l
}

// chances fills in how likely each kind is.
func (l *learnt[K]) chances(out []float64, signs []int) {
	clear(out)
	for _, s := range signs {
		for k, w := range l.weights[s] {
			out[k] += w
		}
	}
	most, sum := slices.Max(out), 0.0
	for k := range out {
		out[k] = math.Exp(out[k] - most)
		sum += out[k]
	}
	for k := range out {
		out[k] /= sum
	}
}

// of is how likely an utterance with these signs is of each kind.
func (l *learnt[K]) of(signs []string) map[K]float64 {
	var known []int
	for _, s := range signs {
		if id, ok := l.signs[s]; ok {
			known = append(known, id)
		}
	}
	p := make([]float64, len(l.kinds))
	l.chances(p, known)
	out := make(map[K]float64, len(p))
	for k, kind := range l.kinds {
		out[kind] = p[k]
	}
	return out
}
