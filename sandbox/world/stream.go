package world

import (
	"hash/fnv"
	"math/rand/v2"
)

// stream is one concern's own source of chance, so that a change in one place does not move every other number.
type stream struct{ *rand.Rand }

// newStream is the stream of a concern, and within it of the n-th thing.
func newStream(seed uint64, concern string, n int) stream {
	h := fnv.New64a()
	_, _ = h.Write([]byte(concern))
	return stream{rand.New(rand.NewPCG(seed^h.Sum64(), uint64(n)*0x9E3779B97F4A7C15+1))}
}

// between is a whole number from a to b, both included.
func (s stream) between(a, b int) int {
	if b <= a {
		return a
	}
	return a + s.IntN(b-a+1)
}

// minutes is a length from a to b minutes, with odd seconds.
func (s stream) minutes(a, b int) instant {
	return instant(s.between(a*60, b*60))
}

func (s stream) chance(p float64) bool { return s.Float64() < p }

// times is how often something of this rate happens: n x rate, rounded by chance.
func (s stream) times(x float64) int {
	n := int(x)
	if s.chance(x - float64(n)) {
		n++
	}
	return n
}

func pick[T any](s stream, of []T) T { return of[s.IntN(len(of))] }
