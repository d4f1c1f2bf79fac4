// Package eventbus is generated from pubsub.proto, the wire of Salesforce's Pub/Sub API.
package eventbus

//go:generate buf generate
