package load

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// control reads the totals of a trailer. Files glued together have several; their totals add up.
func (r *reader) control(rec decode.Record) error {
	t, c := r.in.Contract.Trailer, &r.res.Control
	fields := decode.Fields(rec.Bytes, r.dialect)
	c.Found = true
	if t.CountField != nil {
		text, err := controlField(fields, *t.CountField, rec.Line)
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return held(Hold{Rule: "trailer", Line: rec.Line, Detail: fmt.Sprintf("the trailer's count %q is no number", text)})
		}
		c.WantCount += n
	}
	if t.SumField != nil {
		text, err := controlField(fields, *t.SumField, rec.Line)
		if err != nil {
			return err
		}
		sum, ok := add(c.WantSum, figure(r.in.Contract, text))
		if !ok {
			return held(Hold{Rule: "trailer", Line: rec.Line, Detail: fmt.Sprintf("the trailer's sum %q is no number", text)})
		}
		c.WantSum = sum
	}
	return nil
}

// figure is a trailer's sum as add reads it: in the form of the column that is summed, or with whichever mark its sender's other system writes.
func figure(c typing.Contract, text string) string {
	for _, table := range c.Tables {
		for _, col := range table.Columns {
			if col.Name != c.Trailer.SumOf {
				continue
			}
			if plain, ok := col.Figure(text); ok {
				return plain
			}
		}
	}
	return strings.ReplaceAll(text, ",", ".")
}

func controlField(fields []string, i int, line int64) (string, error) {
	if i >= len(fields) {
		return "", held(Hold{Rule: "trailer", Line: line, Detail: fmt.Sprintf("the trailer has %d fields, its total should be in field %d (from 0)", len(fields), i)})
	}
	return strings.TrimSpace(fields[i]), nil
}

// add adds two decimal texts exactly; an empty one is nought. Exponents and fractions are refused.
func add(a, b string) (string, bool) {
	sum := new(big.Rat)
	for _, text := range []string{a, b} {
		if text == "" {
			continue
		}
		n, ok := new(big.Rat).SetString(text)
		if !ok || len(text) > 60 || strings.ContainsAny(text, "eEpPxX/_") {
			return "", false
		}
		sum.Add(sum, n)
	}
	places, exact := sum.FloatPrec()
	return sum.FloatString(places), exact
}

func same(a, b string) bool {
	x, ok := new(big.Rat).SetString(a)
	y, also := new(big.Rat).SetString(b)
	return ok && also && x.Cmp(y) == 0
}

// judge compares the counted file with its trailer and with the contract's limits; nil when all is well.
func judge(in Input, res *Result, log *rejectLog) *Hold {
	if h := judgeTotals(in.Contract, res); h != nil {
		return h
	}
	if tooMany, allowed := in.Contract.TooManyRejected(res.Rejected, res.Records); tooMany {
		return &Hold{Rule: "max_rejected", Detail: fmt.Sprintf("%d of %d records are rejected, %s: %s; is it another kind of file?",
			res.Rejected, res.Records, allowed, log.worst())}
	}
	if least := in.Contract.Limits.MinRowsVsLast; least != nil && float64(res.Records) < float64(*least)*float64(in.Previous.Rows) {
		return &Hold{Rule: "min_rows_vs_last", Detail: fmt.Sprintf("%d records are less than %g%% of the %d rows of %s; is the file cut down?",
			res.Records, float64(*least)*100, in.Previous.Rows, in.Previous.Name)}
	}
	return nil
}

func judgeTotals(contract typing.Contract, res *Result) *Hold {
	t, c := contract.Trailer, &res.Control
	c.GotCount = res.Records
	if !c.Found {
		return nil
	}
	rule, policy := "trailer", t.Policy
	if contract.Control.Count != "" {
		rule, policy = "control", contract.Control.Policy
	}
	var wrong []string
	if (t.CountField != nil || contract.Control.Count != "") && c.WantCount != c.GotCount {
		wrong = append(wrong, fmt.Sprintf("the %s counts %d records, the file has %d", totalsAt(contract), c.WantCount, c.GotCount))
	}
	if t.SumField != nil && !same(c.WantSum, c.GotSum) {
		wrong = append(wrong, fmt.Sprintf("the trailer's sum of %s is %s, the file's is %s", t.SumOf, c.WantSum, c.GotSum))
	}
	if len(wrong) == 0 {
		return nil
	}
	detail := strings.Join(wrong, "; ")
	if policy == typing.PolicyWarn {
		res.Warnings = append(res.Warnings, rule+": "+detail)
		return nil
	}
	return &Hold{Rule: rule, Detail: detail, Final: policy == typing.PolicyReject}
}

// totalsAt is where a file says how many records it has.
func totalsAt(contract typing.Contract) string {
	if at := contract.Control.Count; at != "" {
		return "total at " + at
	}
	return "trailer"
}
