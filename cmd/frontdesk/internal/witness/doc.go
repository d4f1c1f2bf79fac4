// Package witness counts what became of calls without a word from the pipeline: it lays the carrier's list of calls beside the log of
// every change that Salesforce has committed, and beside its event bus. It shares no code with what it watches: it imports neither
// the services nor what they are made of, nor their contract, and reads no topic of theirs.
//
//	carrier.go  the carrier's list, by Twilio's own REST API
//	org.go      one org: its records, its files and its bus, folded from the change log
//	judge.go    each call of the list against the orgs: lost, doubled, out of order, otherwise than expected
package witness
