package consume

import "sync"

// outlets hand messages to the producer, in order within each topic and away from the caller's goroutine.
// produce.Send blocks while its queue is full or its topic is unknown; in a producer's callback that would keep
// back the very acknowledgements that make room. A topic that nobody can write to holds up no other.
type outlets struct {
	mu     sync.Mutex
	topics map[string][]func() // what waits, for each topic that has a goroutine at it
}

// put queues one send. What waits is bounded by what is taken and parked.
func (o *outlets) put(topic string, send func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.topics == nil {
		o.topics = map[string][]func(){}
	}
	waiting, running := o.topics[topic]
	o.topics[topic] = append(waiting, send)
	if !running {
		go o.work(topic)
	}
}

func (o *outlets) work(topic string) {
	for {
		sends := o.take(topic)
		if len(sends) == 0 {
			return
		}
		for _, send := range sends {
			send()
		}
	}
}

// take removes what waits for a topic; none ends its goroutine.
func (o *outlets) take(topic string) []func() {
	o.mu.Lock()
	defer o.mu.Unlock()
	sends := o.topics[topic]
	if len(sends) == 0 {
		delete(o.topics, topic)
		return nil
	}
	o.topics[topic] = nil
	return sends
}
