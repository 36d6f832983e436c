// Package definitions holds the pipeline definitions that come with Waybill: contracts for the systems it knows, which
// `waybill init` and `waybill demo` write out to be kept and edited by their owner.
package definitions

import "embed"

// Files are the definitions, one YAML file per partner.
//
//go:embed *.yaml
var Files embed.FS
