// Package config loads a service's settings: defaults < file < environment, strict, all faults together.
package config

// Load fills cfg, a pointer to a struct with koanf tags that already holds the defaults. file is YAML, ""
// for none. Environment variables are prefix + "_" + the key's path in upper case, "__" between levels:
// FRONTDESK_STT_KAFKA__BROKERS=a:9092,b:9092. An unknown key, in the file or behind the prefix, is a fault; so is
// whatever cfg.Validate() (if it has one) returns. The error lists every fault, one a line.
func Load(cfg any, prefix, file string) error { panic("not yet") }

// Main is the start of every cmd/<service>/main.go: flags -config FILE, -check (validate, print "ok" or the
// faults, exit) and -print (the effective settings, secrets masked).
type Main struct{}

// Secret is a string that never prints: its String, LogValue and MarshalText give "***". In files it is
// given as it is, or as "env:NAME" or "file:/path", which are resolved when it is loaded.
type Secret string
