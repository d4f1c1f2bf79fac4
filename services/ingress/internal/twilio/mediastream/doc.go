// Package mediastream is Twilio's Media Streams, the receiving side of a unidirectional stream: it checks the
// protocol, message by message, and hands the audio to package media.
//
//	connected   the first message; nothing to be learnt from it
//	start       once; account, call and token must belong together, the format must be 8 kHz mu-law
//	media       after start; scanned in place, no allocation
//	dtmf, mark  tolerated: Twilio sends them on bidirectional streams only
//	stop        the last message
//
// Whatever breaks the protocol closes the socket with a code and a reason that quotes nothing; what was heard
// until then stays, and MediaEnded says PROTOCOL. Nothing is ever sent to Twilio on the socket but control
// frames: sending is error 31924 on a unidirectional stream.
//
// Source of the message formats: https://www.twilio.com/docs/voice/media-streams/websocket-messages
package mediastream
