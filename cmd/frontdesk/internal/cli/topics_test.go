package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/frontdesk/frontdesk/pkg/servicekit/embedded"
	"github.com/frontdesk/frontdesk/pkg/servicekit/kafkatest"
)

func TestTopicsShowsWhatItFoundBesideWhatIsWrong(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "calls.media:3")
	for _, format := range []string{"--json=false", "--json"} {
		out, _, err := run(t.Context(), "topics", "--brokers", c.Brokers()[0], "--partitions", "4", "--replicas", "1", format)
		if err == nil || !strings.Contains(err.Error(), "calls.media has 3 partitions, not 4") {
			t.Errorf("%s: %v", format, err)
		}
		for _, want := range []string{"calls.lifecycle", "calls.media", "differs", "partitions: have 3, want 4"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", format, want, out)
			}
		}
	}
}

// TestTopicsJSONHasOneShape: with what was found, and an error only if there is one.
func TestTopicsJSONHasOneShape(t *testing.T) {
	c := kafkatest.Start(t, embedded.KafkaConfig{}, "calls.media:3")
	for _, partitions := range []string{"3", "4"} { // in this order: the first makes the topics that the second finds otherwise
		failed := partitions == "4"
		out, _, err := run(t.Context(), "topics", "--brokers", c.Brokers()[0], "--partitions", partitions, "--replicas", "1", "--json")
		var doc struct {
			Topics []struct {
				Name string `json:"name"`
			} `json:"topics"`
			Error *string `json:"error"`
		}
		if derr := json.Unmarshal([]byte(out), &doc); derr != nil || len(doc.Topics) == 0 || (doc.Error != nil) != failed || (err != nil) != failed {
			t.Errorf("%s partitions: %v, %v\n%s", partitions, err, derr, out)
		}
	}
}
