package load_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill/pipelines/load"
)

// form is how numbers are written, told to the contract and to an independent reader.
type form struct {
	settings    string
	mark, group string
	named       bool // the contract names a mark
	negative    []string
	affixes     []string
}

var forms = []form{
	{mark: "."},
	{settings: `, decimal_mark: "."`, mark: ".", named: true},
	{settings: `, decimal_mark: ","`, mark: ",", named: true},
	{settings: `, group_mark: ","`, mark: ".", group: ",", named: true},
	{settings: `, group_mark: "."`, mark: ",", group: ".", named: true},
	{settings: `, group_mark: " ", decimal_mark: ",", affixes: [EUR, "€"]`, mark: ",", group: " ", named: true, affixes: []string{"EUR", "€"}},
	{settings: `, negative: [trailing, parentheses]`, mark: ".", negative: []string{"trailing", "parentheses"}},
	{settings: `, group_mark: ",", negative: parentheses, affixes: "£"`, mark: ".", group: ",", named: true, negative: []string{"parentheses"}, affixes: []string{"£"}},
	{settings: `, negative: trailing, affixes: ["kr.", "%"]`, mark: ".", negative: []string{"trailing"}, affixes: []string{"kr.", "%"}},
}

// TestNumbersAreReadByTheirForm: in whatever form the contract says, a number is what exact arithmetic makes of its digits, and what is not in the form is
// a reject.
func TestNumbersAreReadByTheirForm(t *testing.T) {
	t.Parallel()
	db := openDuck(t)
	loader := load.New(db)
	rapid.Check(t, func(rt *rapid.T) {
		f := rapid.SampledFrom(forms).Draw(rt, "form")
		texts := rapid.SliceOfN(rapid.Custom(f.draw), 1, 30).Draw(rt, "texts")
		c := readContract(t, fmt.Appendf(nil, `
format: {type: csv, delimiter: ";", quote: "", header: false, fields: 2}
limits: {max_rejected: 100%%}
tables:
  raw.numbers:
    columns:
      amount: {position: 0, type: "decimal(18,3)"%[1]s}
      units: {position: 1, type: integer%[1]s}
`, f.settings))
		var text strings.Builder
		for _, s := range texts {
			fmt.Fprintf(&text, "%s;1\n1;%s\n", s, s)
		}
		res, err := loader.Load(t.Context(), input(t, c, []byte(text.String())))
		if err != nil || res.Hold != nil {
			rt.Fatalf("%q: %v %v", text.String(), err, res.Hold)
		}
		got := map[int64]string{}
		for _, file := range res.Files[c.Tables[0].Name] {
			rows(rt, db, fmt.Sprintf("select _line, concat_ws('|', coalesce(cast(amount as varchar), ''), coalesce(cast(units as varchar), '')) from read_parquet('%s')", file.Path), got)
		}
		for i, s := range texts {
			amount, units := "rejected", "rejected"
			if n, ok := f.read(s); ok && places(n.value) <= 3 {
				amount = n.value.FloatString(3) + "|1"
			}
			if n, ok := f.read(s); ok && f.isInteger(n) {
				units = "1.000|" + n.value.Num().String()
			}
			for k, want := range []string{amount, units} {
				have, loaded := got[int64(2*i+k+1)]
				if !loaded {
					have = "rejected"
				}
				if have != want {
					rt.Fatalf("%q with %s is %q, want %q", s, f.settings, have, want)
				}
			}
		}
	})
}

// draw makes what somebody might write for a number: mostly one in some form, sometimes anything.
func (f form) draw(rt *rapid.T) string {
	if rapid.IntRange(0, 3).Draw(rt, "any") == 0 {
		return "1" + rapid.StringOfN(rapid.SampledFrom([]rune("019.,-+()£ ")), 0, 8, -1).Draw(rt, "text")
	}
	before := []string{"", "", "", "-", "+", "(", "£", "£ ", "-£", "£-", "(£", "£(", "EUR ", "-€ ", "kr. ", "kr.-", "- ", "$"}
	behind := []string{"", "", "", "-", ")", "%", " %", "£)", ") £", "- EUR", "€-", " kr.", "-kr.", " -", "$", "£"}
	group := rapid.SampledFrom([]string{"", "", ",", ".", " ", f.group}).Draw(rt, "group")
	body := rapid.StringMatching(`[0-9]{1,4}`).Draw(rt, "first")
	for range rapid.IntRange(0, 2).Draw(rt, "groups") {
		body += group + rapid.StringMatching(`[0-9]{3}|000|[0-9]{2,4}`).Draw(rt, "group of digits")
	}
	if rapid.Bool().Draw(rt, "fraction") {
		body += rapid.SampledFrom([]string{".", ",", f.mark}).Draw(rt, "mark") + rapid.StringMatching(`[0-9]{0,4}|0{1,5}`).Draw(rt, "places")
	}
	return rapid.SampledFrom(before).Draw(rt, "before") + body + rapid.SampledFrom(behind).Draw(rt, "behind")
}

// reading is a number with its digits before and behind the mark.
type reading struct {
	value           *big.Rat
	whole, fraction string
}

// isInteger: 1.000 is one or a thousand, and so neither, where the contract names no mark.
func (f form) isInteger(n reading) bool {
	return n.whole != "" && (n.fraction != "000" || f.named) && n.value.IsInt() && n.value.Num().IsInt64() && math.Abs(float64(n.value.Num().Int64())) <= math.MaxInt32
}

// read is a second reading of the form: signs and affixes are taken off from outside, digits are counted.
func (f form) read(s string) (reading, bool) {
	s = strings.Trim(s, " ")
	var signs string
	var affixed, inside [2]bool // before and behind the number; within its parentheses
	for {                       // from the left
		if a := prefix(s, f.affixes); a != "" && !affixed[0] {
			affixed[0], inside[0] = true, signs == "("
			s = strings.TrimLeft(s[len(a):], " ")
		} else if s != "" && strings.Contains("+-(", s[:1]) && len(signs) < 3 {
			signs, s = signs+s[:1], s[1:]
		} else {
			break
		}
	}
	ends := ""
	for { // from the right
		if a := suffix(s, f.affixes); a != "" && !affixed[1] {
			affixed[1], inside[1] = true, ends == ")"
			s = strings.TrimRight(s[:len(s)-len(a)], " ")
		} else if s != "" && strings.Contains("-)", s[len(s)-1:]) && len(ends) < 3 {
			ends, s = s[len(s)-1:]+ends, s[:len(s)-1]
		} else {
			break
		}
	}
	sign := int64(1)
	switch signs + "0" + ends {
	case "0", "+0":
	case "-0":
		sign = -1
	case "0-", "(0)":
		sign = -1
		if !slices.Contains(f.negative, map[string]string{"-": "trailing", ")": "parentheses"}[ends]) {
			return reading{}, false
		}
	default:
		return reading{}, false
	}
	n, ok := f.digits(s)
	if torn := affixed == [2]bool{true, true} && inside[0] != inside[1]; torn || !ok {
		return reading{}, false
	}
	n.value.Mul(n.value, big.NewRat(sign, 1))
	return n, true
}

func prefix(s string, of []string) string {
	i := slices.IndexFunc(of, func(a string) bool { return strings.HasPrefix(s, a) })
	if i < 0 {
		return ""
	}
	return of[i]
}

func suffix(s string, of []string) string {
	i := slices.IndexFunc(of, func(a string) bool { return strings.HasSuffix(s, a) })
	if i < 0 {
		return ""
	}
	return of[i]
}

func (f form) digits(s string) (reading, bool) {
	whole, fraction, _ := strings.Cut(s, f.mark)
	if f.group != "" && strings.Contains(whole, f.group) {
		groups := strings.Split(whole, f.group)
		for i, g := range groups {
			if (i > 0 && len(g) != 3) || len(g) < 1 || len(g) > 3 || groups[0][0] == '0' {
				return reading{}, false
			}
		}
		whole = strings.Join(groups, "")
	}
	all := whole + fraction
	if strings.Trim(all, "0123456789") != "" || all == "" {
		return reading{}, false
	}
	n, _ := new(big.Int).SetString(all, 10)
	value := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(fraction))), nil))
	return reading{value, whole, fraction}, true
}

// places is how many digits a number has after the point.
func places(n *big.Rat) int {
	digits, _ := n.FloatPrec()
	return digits
}
