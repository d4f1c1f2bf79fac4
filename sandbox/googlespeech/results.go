package googlespeech

import (
	"hash/fnv"
	"strconv"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/speech/apiv2/speechpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// give sends final results.
func (r *recognition) give(finals [][]heard) {
	for _, words := range finals {
		r.interim = ""
		for _, same := range r.byLanguage(words) {
			res := r.result(same)
			res.IsFinal = true
			r.finals++
			r.session.keep(r.server, res, same)
			r.out.put(&speechpb.StreamingRecognizeResponse{Results: []*speechpb.StreamingRecognitionResult{res}, Metadata: r.metadata()})
		}
	}
}

// show sends an interim result when there are other words than before.
func (r *recognition) show(open []heard) {
	if !r.settings.interim {
		return
	}
	groups := r.byLanguage(open)
	if len(groups) == 0 {
		return
	}
	res := r.result(groups[0]) // the next language's words are shown when these are final
	text := res.GetAlternatives()[0].GetTranscript()
	if text == r.interim {
		return
	}
	r.interim = text
	res.Stability = 0.9
	res.Alternatives[0].Confidence, res.Alternatives[0].Words = 0, nil
	r.out.put(&speechpb.StreamingRecognizeResponse{Results: []*speechpb.StreamingRecognitionResult{res}, Metadata: r.metadata()})
}

// byLanguage drops words of languages that were not asked for, and those that are nothing but punctuation where none
// was asked for; what is left is cut where the language changes.
func (r *recognition) byLanguage(words []heard) (groups [][]heard) {
	code := ""
	for _, w := range words {
		c := r.settings.speaks(w.run.clip.language)
		if c == "" || r.settings.spell(w.text) == "" {
			continue
		}
		if c != code || groups == nil {
			groups, code = append(groups, nil), c
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], w)
	}
	return groups
}

// result of words, with what was asked for. As in the vendor's examples the text of every result after the first final one
// begins with a space, so that they can be strung together.
func (r *recognition) result(words []heard) *speechpb.StreamingRecognitionResult {
	var (
		text strings.Builder
		sum  float32
		alt  = &speechpb.SpeechRecognitionAlternative{}
	)
	for i, w := range words {
		if i > 0 || r.finals > 0 {
			text.WriteByte(' ')
		}
		spelt := r.settings.spell(w.text)
		text.WriteString(spelt)
		sum += score(w.text)
		info := &speechpb.WordInfo{Word: spelt}
		if r.settings.wordTimes {
			info.StartOffset, info.EndOffset = durationpb.New(duration(w.from)), durationpb.New(duration(w.to))
		}
		if r.settings.wordScores {
			info.Confidence = score(w.text)
		}
		if r.settings.wordTimes || r.settings.wordScores {
			alt.Words = append(alt.Words, info)
		}
	}
	alt.Transcript, alt.Confidence = text.String(), sum/float32(len(words))
	return &speechpb.StreamingRecognitionResult{
		Alternatives:    []*speechpb.SpeechRecognitionAlternative{alt},
		ResultEndOffset: durationpb.New(duration(words[len(words)-1].to)),
		LanguageCode:    r.settings.speaks(words[0].run.clip.language),
	}
}

// spell writes a word without its punctuation where none was asked for.
func (s *settings) spell(word string) string {
	if s.punctuation {
		return word
	}
	return strings.Trim(word, ".,;:!?¡¿…\"()-–—")
}

// score is a word's confidence: 0.90 to 0.98, always the same.
func score(word string) float32 {
	h := fnv.New32a()
	h.Write([]byte(word))
	return 0.9 + float32(h.Sum32()%9)/100
}

func (r *recognition) metadata() *speechpb.RecognitionResponseMetadata {
	return &speechpb.RecognitionResponseMetadata{
		RequestId:           "sandbox-" + strconv.Itoa(r.session.ID),
		TotalBilledDuration: durationpb.New(time.Duration(r.billed) * time.Second),
	}
}

func (r *recognition) event(e event) *speechpb.StreamingRecognizeResponse {
	return &speechpb.StreamingRecognizeResponse{
		SpeechEventType: e.kind, SpeechEventOffset: durationpb.New(e.at), Metadata: r.metadata(),
	}
}

// outbox sends responses in order, each after its latency, while further audio is heard.
type outbox struct {
	queue chan *speechpb.StreamingRecognizeResponse
	stop  chan struct{}
	done  sync.WaitGroup
	err   error
}

func send(stream speechpb.Speech_StreamingRecognizeServer, faults *fault.Injector) *outbox {
	o := &outbox{queue: make(chan *speechpb.StreamingRecognizeResponse, 64), stop: make(chan struct{})}
	o.done.Go(func() {
		defer close(o.stop)
		for res := range o.queue {
			if o.err = faults.Wait(stream.Context()); o.err != nil {
				return
			}
			if o.err = stream.Send(res); o.err != nil {
				return
			}
		}
	})
	return o
}

// put queues a response; it is dropped once the client is gone.
func (o *outbox) put(res *speechpb.StreamingRecognizeResponse) {
	select {
	case o.queue <- res:
	case <-o.stop:
	}
}

// finish sends what is queued and returns why it could not.
func (o *outbox) finish() error {
	close(o.queue)
	o.done.Wait()
	return o.err
}
