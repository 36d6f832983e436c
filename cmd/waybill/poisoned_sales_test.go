package main

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// shopPoisons are poisons, and an answer as it should be but for one required number that is a word: the connector takes it, its contract does not.
var shopPoisons = append(slices.Clone(poisons), struct {
	name, outcome string
	write         func(w http.ResponseWriter, answer []byte)
}{"bad row", "unusable", func(w http.ResponseWriter, answer []byte) {
	i := requiredNumber.FindSubmatchIndex(answer)
	w.Write(slices.Concat(answer[:i[2]], []byte(`"many"`), answer[i[3]:]))
}})

// requiredNumber finds units of a refund's line (Shopify, WooCommerce) or an entry's amount (Stripe).
var requiredNumber = regexp.MustCompile(`"(?:quantity|amount)": ?(-?\d+)`)

// sprinkled says how the i-th of n things is poisoned, -1 for not at all. Of each kind so many are: half of all in one run that stands before everything
// else, each kind in its turn, the other half here and there.
func sprinkled(n, ofEach int) func(i int) int {
	bad := ofEach * len(shopPoisons)
	run := bad / 2
	step := (n - run) / (bad - run)
	return func(i int) int {
		if i < run {
			return i % len(shopPoisons)
		}
		if k := (i - run) / step; (i-run)%step == step/2 && k < bad-run {
			return (run + k) % len(shopPoisons)
		}
		return -1
	}
}

// among says what the i-th entry of a list is in which a bad one stands in the midst of each of so many equal stretches of n good ones: which of the
// good ones, or of the bad.
func among(i, n, bad int) (which int, isBad bool) {
	good := n / bad
	stretch, at := i/(good+1), i%(good+1)
	switch {
	case at == good/2:
		return stretch, true
	case at > good/2:
		at--
	}
	return stretch*good + at, false
}

// pour writes an answer as it is, or poisoned.
func pour(w http.ResponseWriter, kind int, answer string) {
	w.Header().Set("Content-Type", "application/json")
	if kind >= 0 {
		shopPoisons[kind].write(w, []byte(answer))
		return
	}
	io.WriteString(w, answer)
}

// sale is an order of three units, one of which came back for its price. Every sale has another price.
type sale int

func (s sale) price() int64 { return 1000 + int64(s) } // pence

func (s sale) total() int64 { return 3 * s.price() }

func (s sale) placed() time.Time {
	return time.Date(2026, 3, 16, 8, 0, 0, 0, time.UTC).Add(time.Duration(s) * 30 * time.Second)
}

func (s sale) refunded() time.Time { return s.placed().Add(time.Hour) }

// pounds writes an amount of pence.
func pounds(pence int64) string {
	sign := ""
	if pence < 0 {
		sign, pence = "-", -pence
	}
	return fmt.Sprintf("%s%d.%02d", sign, pence/100, pence%100)
}
