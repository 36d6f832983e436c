// Package substrait is the published module github.com/substrait-io/substrait v0.87.0 cut down to two of its extension
// files. Iceberg's table package parses every extension file when a program starts, 0.1 s of each command, for Arrow filters
// that Waybill does not use (docs/decisions.md). Licence: Apache-2.0, in this folder.
package substrait

import "embed"

//go:embed extensions/*
var extensions embed.FS

// GetSubstraitFS returns the extension files.
func GetSubstraitFS() embed.FS { return extensions }

// GetSubstraitExtensionsFS returns the extension files.
func GetSubstraitExtensionsFS() embed.FS { return extensions }
