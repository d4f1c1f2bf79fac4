// Package twilio is Twilio as ingress meets it: webhooks in, TwiML out, Media Streams in, REST out. It checks
// who is speaking, takes the carrier's words apart, calls package app and puts the answer into TwiML.
//
// # Paths
//
// All under the configured public URL; {account} is the Twilio AccountSid, which says whose auth tokens sign.
//
//	POST /twilio/{account}/voice          the number's voice URL; a Studio flow's TwiML Redirect, too  → TwiML
//	POST /twilio/{account}/consent?t=     the question's <Gather>                                      → TwiML
//	     … with Consent=                  a receptionist reports granted, refused, timed-out, withdrawn;
//	                                      form or JSON, with a token or CallSid and To
//	POST /twilio/{account}/onward?t=      after a question that nobody answered                        → TwiML
//	POST /twilio/{account}/voicemail?t=   after <Record>                                               → TwiML
//	POST /twilio/{account}/dial-action?t= after <Dial>                                                 → TwiML
//	POST /twilio/{account}/dial-status?t= the legs that <Dial> makes
//	POST /twilio/{account}/stream-status?t=
//	POST /twilio/{account}/recording?t=
//	POST /twilio/{account}/disposition    an agent's disposition, form or JSON, with a token or CallSid and To
//	POST /twilio/{account}/status         the number's own status callback: static, no token
//	GET  /twilio/{account}/media          Media Streams, WebSocket
//	GET  /twilio/fallback.xml             the TwiML for the number's fallback URL (POST, too)
//
// # Trust
//
// X-Twilio-Signature is checked on every request but fallback.xml, the upgrade included, against the public
// URL, never against Host, with every auth token of every tenant of the account: two during a rotation. What
// fails is answered 403; nothing is stored, a metric counts it. The token in "t" is ours (package calltoken)
// and is covered by Twilio's signature, being part of the URL.
//
// # Answers
//
// Requests that a caller waits for are answered 200 with TwiML whatever happens. All others: 204 when stored,
// 503 when it could not be stored (the URLs that we hand out ask Twilio to try again), 4xx for what no
// repetition mends. An error's text names a field, never a value.
package twilio
