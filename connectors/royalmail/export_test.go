package royalmail

import "github.com/fourmarketing/waybill/connectors/internal/rest"

// Judge reads a body as an answer of both endpoints: whether each number is told of by a summary of them, and what is wrong with it as either.
func Judge(status int, body string, numbers []string) (told map[string]bool, summary, events error) {
	r, err := read(rest.Answer{Status: status, Body: []byte(body)})
	if err != nil {
		return nil, err, err
	}
	standings, summary := r.pieces(numbers)
	if summary == nil {
		told = map[string]bool{}
		for n, s := range standings {
			told[n] = s != untold
		}
	}
	return told, summary, r.history()
}
