package load

import "github.com/fourmarketing/waybill"

// RejectsTable is the lake table of records that broke their contract.
var RejectsTable = waybill.TableName{Namespace: "ops", Name: "rejects"}

// RejectsColumns are its columns: one row per rejected record, with the first column in contract order that was wrong.
func RejectsColumns() []waybill.Column {
	return []waybill.Column{
		{Name: "source", Type: "VARCHAR"},
		{Name: "feed", Type: "VARCHAR"},
		{Name: "file", Type: "VARCHAR", Doc: "the file's id in the ledger"},
		{Name: "name", Type: "VARCHAR", Doc: "the file's name"},
		{Name: "line", Type: "BIGINT", Doc: "line on which the record starts, from 1"},
		{Name: "column", Type: "VARCHAR", Doc: "null when the rule is about the whole record"},
		{Name: "rule", Type: "VARCHAR", Doc: "fields, quote, required, format, integer, decimal, regex, …"},
		{Name: "detail", Type: "VARCHAR", Doc: "the value that broke the rule; stars for personal data"},
		{Name: "original", Type: "VARCHAR", Doc: "the record's text; personal fields are stars"},
		{Name: "load_id", Type: "VARCHAR"},
		{Name: "at", Type: "TIMESTAMPTZ"},
	}
}
