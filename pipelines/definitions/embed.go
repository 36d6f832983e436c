// Package definitions holds the pipeline definitions that come with Waybill: contracts for the systems it knows, which
// `waybill init` and `waybill demo` write out to be kept and edited by their owner. Beside each lies its starter: the part of a
// waybill.yaml that goes with it.
package definitions

import "embed"

// Files are the definitions, one YAML file per partner.
//
//go:embed *.yaml
var Files embed.FS

// starters are parts of a waybill.yaml, one per definition and of its name. The first line says what the partner is.
//
//go:embed starters/*.yaml
var starters embed.FS
