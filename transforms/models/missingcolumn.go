package models

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/fourmarketing/waybill"
)

// missingColumnError is a column that a partner's SQL reads and its raw tables have not: a pipeline's definition of an earlier Waybill, mostly. It says
// so in place of DuckDB's words, which are about the statement.
type missingColumnError struct {
	column, partner string
	raw             []string
	err             error
}

func (e missingColumnError) Error() string {
	return fmt.Sprintf("no column %s in %s: the definition in pipelines/ that fills it is another Waybill's than this SQL; put the column in as today's has it (waybill init FOLDER %s writes that one)",
		e.column, strings.Join(e.raw, ", "), e.partner)
}

func (e missingColumnError) Unwrap() error { return e.err }

var duckMissing = regexp.MustCompile(`Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"`)

// explain says what an error of DuckDB's about a partner's SQL means, where that is a column that the raw tables it reads have not.
func explain(partner string, deps []waybill.TableName, err error) error {
	var inDuck *duckdb.Error
	if partner == "" || !errors.As(err, &inDuck) || inDuck.Type != duckdb.ErrorTypeBinder {
		return err
	}
	e := missingColumnError{partner: partner, err: err}
	for _, d := range deps {
		if d.Namespace == schemaRaw {
			e.raw = append(e.raw, d.String())
		}
	}
	found := duckMissing.FindStringSubmatch(inDuck.Msg)
	if found == nil || len(e.raw) == 0 {
		return err
	}
	e.column = found[1] + found[2]
	return e
}

// partner is whose staging a model is, empty of another.
func (m *Model) partner() string {
	if m.Name.Namespace != Staging {
		return ""
	}
	return m.Area
}
