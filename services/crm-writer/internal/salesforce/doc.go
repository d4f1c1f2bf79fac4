// Package salesforce is a small typed client of Salesforce's REST API: what a writer of records needs, with a context
// on every call, the error codes that the server gave, and the API allowance that comes with every answer.
//
// A [Client] belongs to one org and one integration user. It signs itself in with the OAuth 2.0 JWT bearer
// flow, again when the server says that the session is over (once, however many requests find out), and sends
// everything else exactly once: repeating is its caller's decision, and every error says by its class
// ([retry.Error]) whether that makes sense.
//
//	client.go       Config, Client, one request
//	auth.go         JWT bearer flow, one sign-in at a time
//	errors.go       Salesforce's error codes, classified once
//	limits.go       the allowance: Sforce-Limit-Info, /limits
//	query.go        SOQL with escaping and paging
//	search.go       SOSL by phone number
//	sobjects.go     describe, create, update, upsert by external id
//	composite.go    several subrequests in one
//	graph.go        atomic graphs of records, many in one request
//	collections.go  up to 200 records in one request
//	files.go        ContentVersion
//	platform.go     platform events over REST
//	pubsub/         platform events over the Pub/Sub API (gRPC, Avro)
//
// Sources: Salesforce's REST API Developer Guide, by the names that it gives its resources.
package salesforce
