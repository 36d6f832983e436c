// Package sql holds the warehouse's SQL: models, checks, seeds, macros and worklists, embedded as files. It has no code
// that runs; package transforms/models reads it.
package sql

import "embed"

// Files is the project as package transforms/models reads it: staging/, intermediate/, marts/, checks/, seeds/, macros/ and
// worklists/.
//
//go:embed all:staging all:intermediate all:marts all:checks all:seeds all:macros all:worklists
var Files embed.FS
