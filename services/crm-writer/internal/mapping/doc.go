// Package mapping turns an insight into a plan of writes, as a mapping file says: which records a call gets, by
// which keys, with which fields and values. docs/mapping.md describes the format for people who write one;
// default.yaml is the shipped one.
//
//	read.go      YAML with positions, strict
//	file.go      the format
//	objects.go   what expressions can see
//	view.go      an event as expressions see it
//	env.go       CEL: types and functions
//	compile.go   a file into a Mapping, every fault named
//	plan.go      an event into a crm.Plan
//	value.go     CEL values as field values
//	text.go      texts: names, transcripts, sentences
//
// Everything is compiled and checked at start: a misspelt field of a call, a condition that is no condition or
// a reference to a later record is a fault there, not at the first call that comes by.
package mapping
