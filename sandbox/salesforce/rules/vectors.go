package rules

import _ "embed"

// Plans are vectors of whole plans: what a plan comes to, given what stands. They are run by whoever applies plans, by event or
// directly.
//
//go:embed testdata/plans.json
var Plans []byte
