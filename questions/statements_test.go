package questions_test

import (
	"errors"
	"testing"

	"github.com/fourmarketing/waybill/questions"
)

// TestOneStatement: the driver runs all statements of a text and answers the last; a person would take that for the answer of the first.
func TestOneStatement(t *testing.T) {
	t.Parallel()
	for text, several := range map[string]bool{
		"select 1": false, "select 1;": false, "select ';'": false, "select 1 -- a; b": false, "describe marts.fct_orders": false, "select from where": false,
		"select * from nowhere": false, "select 1; select 2": true, "select 1; drop table x": true, "show tables; select ';'": true,
	} {
		err := questions.OneStatement(t.Context(), text)
		if errors.Is(err, questions.ErrStatements) != several || (err != nil) != several {
			t.Errorf("%s: %v", text, err)
		}
	}
}
