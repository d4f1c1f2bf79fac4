// Package sandbox holds strict stand-ins for the clouds that Frontdesk speaks to, on the vendors' own wire
// protocols: what the vendor refuses, they refuse, in the vendor's words. Each takes fault settings (package
// fault) and meters what the vendor would have billed (package meter).
//
//	calls         the format of sample calls: script, audio, expectations
//	twilio        Twilio's side of a call: webhooks, TwiML, Media Streams, REST
//	googlespeech  Google Speech-to-Text v2, gRPC
//	vertexai      Vertex AI Gemini, gRPC
//	salesforce    Salesforce: OAuth, REST, composite, SOQL, SOSL, Pub/Sub
//
// Nothing here imports a service of Frontdesk.
package sandbox
