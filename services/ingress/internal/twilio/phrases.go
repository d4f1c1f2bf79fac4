package twilio

import (
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/app"
)

// words are what ingress says by itself, per language; the key "" is for every other language.
func words(p app.Phrase) map[string]string {
	switch p {
	case app.PhraseUnknownNumber:
		return map[string]string{
			"":   "We are sorry, this number is not in service. Please check the number and call again. Goodbye.",
			"es": "Lo sentimos, este número no está en servicio. Compruebe el número y vuelva a llamar. Adiós.",
		}
	case app.PhraseNoMessage:
		return map[string]string{
			"":   "Without your consent we can't record a message. Please call again during business hours. Goodbye.",
			"es": "Sin su consentimiento no podemos grabar un mensaje. Vuelva a llamar en horario de atención. Adiós.",
		}
	case app.PhraseNoMessageNow:
		return map[string]string{
			"":   "We are sorry, we can't take a message right now. Please call again later. Goodbye.",
			"es": "Lo sentimos, ahora no podemos grabar un mensaje. Vuelva a llamar más tarde. Adiós.",
		}
	case app.PhraseNobody:
		return map[string]string{
			"":   "We are sorry, nobody can take your call right now. Please call again later. Goodbye.",
			"es": "Lo sentimos, nadie puede atender su llamada ahora. Vuelva a llamar más tarde. Adiós.",
		}
	case app.PhraseThanks:
		return map[string]string{
			"":   "Thank you. We have your message. Goodbye.",
			"es": "Gracias. Hemos recibido su mensaje. Adiós.",
		}
	default:
		return nil
	}
}

// spoken is a phrase in a language, and the language that it is really in.
func spoken(p app.Phrase, language string) (text, in string) {
	w := words(p)
	text = tenant.ByLanguage(w, language)
	if text == w[""] {
		return text, "en-US"
	}
	return text, language
}
