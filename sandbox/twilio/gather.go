package twilio

import (
	"slices"
	"strings"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/twilio/twiml"
)

// gather plays the prompt and waits for keys. Without any it goes on to the next verb, or to the action where
// actionOnEmptyResult asks for that. Callers answer by keys only: a <Gather> for speech alone hears nothing.
// Source: https://www.twilio.com/docs/voice/twiml/gather
func (l *life) gather(v *twiml.Element, base string) (*target, error) {
	for _, prompt := range v.Children {
		if err := l.wait(l.sounding(prompt)); err != nil {
			return nil, err
		}
	}
	digits, finish, err := l.press(v)
	if err != nil {
		return nil, err
	}
	if digits == "" && !v.Bool("actionOnEmptyResult", false) {
		return nil, nil
	}
	return &target{url: resolve(base, v.Attr["action"]), method: v.Str("method", "POST"), params: map[string]string{
		"Digits": digits, "FinishedOnKey": finish, "msg": "Gather End",
	}}, nil
}

// press lets the caller press the keys of his next answer, or lets the question time out.
func (l *life) press(v *twiml.Element) (digits, finish string, err error) {
	timeout := v.Seconds("timeout", 5*time.Second)
	keys := ""
	if slices.Contains(v.Words("input", "dtmf"), "dtmf") {
		keys = l.nextKeys()
	}
	end := v.Str("finishOnKey", "#")
	for _, k := range strings.Split(keys, "") {
		if timeout < keyTime {
			break // too slow for this question
		}
		if err := l.wait(keyTime); err != nil {
			return "", "", err
		}
		if end != "" && k == end {
			return digits, k, nil
		}
		digits += k
		if len(digits) == v.Int("numDigits", 0) {
			return digits, "", nil
		}
	}
	return digits, "", l.wait(timeout)
}

// nextKeys is what the caller presses at this question.
func (l *life) nextKeys() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keypad++
	if l.keypad > len(l.in.Keypad) {
		return ""
	}
	return l.in.Keypad[l.keypad-1]
}
