// Package salesforce is a stand-in for Salesforce: one server holds any number of orgs behind OAuth, the SOAP login,
// the REST API (records, describe, SOQL, SOSL, composite, graph, collections, batch, files, platform events) and the Pub/Sub API.
// What the vendor refuses it refuses, in the vendor's words: field types and lengths, restricted picklists, unique
// external ids, references, permissions, API limits. It applies platform events as the shipped package does, and
// keeps every committed change in a log that nobody who writes to it can touch: who wrote what, by which request.
//
// With a data folder everything that was answered survives a kill at any moment. Sessions, counters and the meter
// live in memory: after a restart a client is told INVALID_SESSION_ID and logs in again.
//
// The package reads in the order that a request takes: config, server, gate (outage, sessions, limits), oauth and soap, route, the resources,
// pubsub; inspect and admin look inside. Package internal/org is what an org does, without its wire.
//
// Fault operations (fault.Share.Operation) and their codes:
//
//	token                                      invalid_grant, SERVER_UNAVAILABLE, HTML_502, DROP
//	describe limits sobject query search       INVALID_SESSION_ID, REQUEST_LIMIT_EXCEEDED, CONCURRENT_REQUESTS,
//	composite graph collections batch event    SERVER_UNAVAILABLE, UNKNOWN_EXCEPTION, JSON_PARSER_ERROR, NOT_FOUND, HTML_502,
//	                                           DROP (before the effect), DROP_AFTER (after it)
//	composite graph collections                DROP_HALF (after the first half of the subrequests, graphs or records, rounded up)
//	event                                      LIMIT_EXCEEDED, PLATFORM_EVENT_PUBLISHING_UNAVAILABLE
//	record.<Object>                            one record's write: UNABLE_TO_LOCK_ROW, DUPLICATE_VALUE, DUPLICATES_DETECTED, STRING_TOO_LONG,
//	                                           INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST, REQUIRED_FIELD_MISSING,
//	                                           FIELD_CUSTOM_VALIDATION_EXCEPTION, INVALID_FIELD, INVALID_CROSS_REFERENCE_KEY,
//	                                           CANNOT_UPDATE_CONVERTED_LEAD, ENTITY_IS_DELETED, INSUFFICIENT_ACCESS_OR_READONLY
//	trigger.<Object>                           the same, of the package's trigger
//	pubsub.topic pubsub.schema pubsub.publish  a gRPC status (UNAVAILABLE, INTERNAL, RESOURCE_EXHAUSTED, UNAUTHENTICATED)
//	pubsub.subscribe
//	pubsub.answer                              the same, after a batch is on the bus and before that is told
//	pubsub.event                               one event's result: PUBLISH, COMMIT
package salesforce
