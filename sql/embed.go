// Package sql holds the warehouse's SQL: partners, facts, models, checks, seeds and macros, embedded as files. It has no code
// that runs; package transforms/models reads it.
package sql

import "embed"

// Files is the project as package transforms/models reads it: partners/, canonical/, intermediate/, marts/, checks/,
// seeds/ and macros/.
//
//go:embed all:partners all:canonical all:intermediate all:marts all:checks seeds/*.csv seeds/*.yaml all:macros
var Files embed.FS
