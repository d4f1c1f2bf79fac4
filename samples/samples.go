// Package samples carries the sample calls and tenants, so that the frontdesk command can play them wherever it
// stands. README.md documents their format.
package samples

import "embed"

// FS holds the folders calls and tenants.
//
//go:embed all:calls all:tenants
var FS embed.FS
