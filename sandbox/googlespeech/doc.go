// Package googlespeech stands in for Google Speech-to-Text v2 on its own gRPC protocol. It recognises only what it was
// taught: the scripts of sample calls, keyed by the audio that it actually hears. Lost, doubled or disordered audio
// shows as wrong text, and unknown audio yields nothing.
//
// The package reads in the order data passes:
//
//	server.go     the gRPC server: which methods there are, faults, limits of a connection and a project
//	request.go    what a stream's first message must say, in the vendor's words (models.go: models and places)
//	stream.go     one stream: audio in, limits, billing; results out
//	recognize.go  a short file that comes whole
//	library.go    what was taught: clips of speech and an index of their sound
//	follow.go     finds clips in the audio and follows them byte by byte
//	words.go      turns what was followed into words: heard whole and in place, or not at all
//	segment.go    cuts words into final and interim results
//	hearings.go   moves the cuts when the same audio is heard again
//	results.go    results and responses as the vendor words them
//	failure.go    errors likewise
//	activity.go   voice activity events
//	sessions.go   what each stream was given, for tests
package googlespeech
