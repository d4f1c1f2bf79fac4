// Package events is the contract between Frontdesk's services: the events of a phone call, the topics that
// carry them, their deterministic ids and the codec that checks them on both sides.
//
// The messages are generated from proto/ (run `make generate`); everything else here is what protobuf
// cannot say: which topic holds what and for how long (topics.go), how an id follows from what happened
// (id.go), what makes an event valid (validate.go), which fields are personal (privacy.go), and what readers must agree
// on: which of two consent answers counts (consent.go), how a whole name is split (names.go).
//
// The package imports protobuf and the standard library only, so that anybody's consumer can use it.
package events

//go:generate buf generate
