package googlespeech

import (
	"regexp"
	"strings"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// settings are what a stream asked for in its first message.
type settings struct {
	project, location, model string
	languages                []string
	interim, events          bool
	wordTimes, wordScores    bool
	punctuation              bool
	// startTimeout and endTimeout end a stream without voice; 0 never.
	startTimeout, endTimeout time.Duration
}

var (
	recogniserPath = regexp.MustCompile(`^projects/([^/]+)/locations/([^/]+)/recognizers/([a-z][a-z0-9-]*|_)$`)
	languageTag    = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[a-zA-Z]{4})?-([a-zA-Z]{2}|[0-9]{3})$`)
)

// maxLanguages of a stream: the first and three alternatives.
// https://cloud.google.com/speech-to-text/docs/multiple-languages
const maxLanguages = 4

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// read checks a stream's first message.
func read(req *speechpb.StreamingRecognizeRequest) (settings, error) {
	var s settings
	if req.GetRecognizer() == "" || req.GetStreamingConfig() == nil {
		return s, invalid("The first request of a stream must contain a recognizer and a streaming_config.")
	}
	if err := s.read(req.GetRecognizer(), req.GetStreamingConfig().GetConfig()); err != nil {
		return s, err
	}
	return s, s.streaming(req.GetStreamingConfig().GetStreamingFeatures())
}

// read checks what streams and whole files have alike.
func (s *settings) read(recogniser string, config *speechpb.RecognitionConfig) error {
	m := recogniserPath.FindStringSubmatch(recogniser)
	switch {
	case m == nil:
		return invalid("Invalid resource field value in the request: recognizer %q; expected format: projects/{project}/locations/{location}/recognizers/{recognizer}.", recogniser)
	case !located(m[2]):
		return invalid("Invalid resource field value in the request: there is no location named %q.", m[2])
	case m[3] != "_":
		return status.Errorf(codes.NotFound, "Unable to find Recognizer %s from project %s.", m[3], m[1])
	}
	s.project, s.location = m[1], m[2]
	if config == nil {
		return invalid("Invalid value at 'config': it is required with the implicit recognizer.")
	}
	for _, check := range []func(*speechpb.RecognitionConfig) error{s.decoding, s.modelAndLanguages, s.features} {
		if err := check(config); err != nil {
			return err
		}
	}
	return nil
}

// decoding must be what a phone line carries: nothing else was ever taught.
func (s *settings) decoding(c *speechpb.RecognitionConfig) error {
	d := c.GetExplicitDecodingConfig()
	switch {
	case d == nil:
		return invalid("Audio data does not appear to be in a supported encoding. If you believe this to be incorrect, try explicitly specifying the decoding parameters.")
	case d.GetEncoding() != speechpb.ExplicitDecodingConfig_MULAW:
		return invalid("Invalid value at 'explicit_decoding_config.encoding': this recogniser's stand-in hears MULAW, not %v.", d.GetEncoding())
	case d.GetSampleRateHertz() != 8000:
		return invalid("Invalid value at 'explicit_decoding_config.sample_rate_hertz': got %d, this recogniser's stand-in hears 8000.", d.GetSampleRateHertz())
	case d.GetAudioChannelCount() != 1:
		return invalid("Invalid value at 'explicit_decoding_config.audio_channel_count': got %d, this recogniser's stand-in hears 1.", d.GetAudioChannelCount())
	}
	return nil
}

func (s *settings) modelAndLanguages(c *speechpb.RecognitionConfig) error {
	s.model = c.GetModel()
	if !offered(s.model, s.location) {
		return invalid("The model %q does not exist in the location named %q.", s.model, s.location)
	}
	codes := c.GetLanguageCodes()
	switch n := len(codes); {
	case n == 0:
		return invalid("Invalid value at 'config.language_codes': at least one language code is required.")
	case n > maxLanguages:
		return invalid("Invalid value at 'config.language_codes': got %d language codes, the maximum is %d.", n, maxLanguages)
	}
	for _, code := range codes {
		if auto := code == "auto" && strings.HasPrefix(s.model, "chirp"); !auto && !languageTag.MatchString(code) {
			return invalid("The language %q is not supported by the model %q in the location named %q.", code, s.model, s.location)
		}
	}
	s.languages = codes
	return nil
}

// features that change what comes out and are not played are refused, so that nobody believes that they work.
func (s *settings) features(c *speechpb.RecognitionConfig) error {
	f := c.GetFeatures()
	for _, feature := range []struct {
		name  string
		asked bool
	}{
		{"translation_config", c.GetTranslationConfig() != nil},
		{"transcript_normalization", c.GetTranscriptNormalization() != nil},
		{"diarization_config", f.GetDiarizationConfig() != nil},
		{"profanity_filter", f.GetProfanityFilter()},
		{"enable_spoken_punctuation", f.GetEnableSpokenPunctuation()},
		{"enable_spoken_emojis", f.GetEnableSpokenEmojis()},
		{"custom_prompt_config", f.GetCustomPromptConfig() != nil},
		{"multi_channel_mode", f.GetMultiChannelMode() != speechpb.RecognitionFeatures_MULTI_CHANNEL_MODE_UNSPECIFIED},
	} {
		if feature.asked {
			return invalid("Invalid value at 'config': %s is not played by this recogniser's stand-in.", feature.name)
		}
	}
	if n := f.GetMaxAlternatives(); n < 0 || n > 30 {
		return invalid("Invalid value at 'features.max_alternatives': %d is not between 0 and 30.", n)
	}
	s.wordTimes, s.wordScores, s.punctuation = f.GetEnableWordTimeOffsets(), f.GetEnableWordConfidence(), f.GetEnableAutomaticPunctuation()
	return nil
}

// streaming features. https://cloud.google.com/speech-to-text/v2/docs/voice-activity-events
func (s *settings) streaming(f *speechpb.StreamingRecognitionFeatures) error {
	s.interim, s.events = f.GetInterimResults(), f.GetEnableVoiceActivityEvents()
	t := f.GetVoiceActivityTimeout()
	if t == nil {
		return nil
	}
	if !s.events {
		return invalid("Invalid value at 'streaming_features.voice_activity_timeout': enable_voice_activity_events must be set to true.")
	}
	if d := t.GetSpeechStartTimeout(); d != nil {
		s.startTimeout = d.AsDuration()
	}
	if d := t.GetSpeechEndTimeout(); d != nil {
		s.endTimeout = d.AsDuration()
	}
	for _, d := range []time.Duration{s.startTimeout, s.endTimeout} {
		if d != 0 && (d <= 500*time.Millisecond || d >= time.Minute) {
			return invalid("Invalid value at 'streaming_features.voice_activity_timeout': %v is not between 500ms and 60s.", d)
		}
	}
	return nil
}

// speaks returns the language code under which the stream may be told words of a language; "" if it asked for
// others.
func (s *settings) speaks(language string) string {
	for _, code := range s.languages {
		switch {
		case language == "" && code == "auto":
			return "en-US"
		case language == "":
			return code
		case code == "auto":
			return language
		case strings.EqualFold(primary(code), primary(language)):
			return code
		}
	}
	return ""
}

func primary(tag string) string {
	p, _, _ := strings.Cut(tag, "-")
	return p
}
