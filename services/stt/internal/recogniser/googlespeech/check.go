package googlespeech

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/servicekit/retry"
	"github.com/frontdesk/frontdesk/services/stt/internal/recogniser"
)

// opening is how long a stream may take to be accepted.
const opening = 5 * time.Second

// Check finds out whether a tenant can be heard in these languages, by opening a stream with the settings of a call and ending it
// without audio: nothing is billed, and credentials, permission, location, model and languages are judged as those of a call.
func (d *Driver) Check(ctx context.Context, languages []string) check.Finding {
	// A host that takes packets and answers none is found by the clock only.
	ctx, cancel := context.WithTimeout(ctx, opening)
	defer cancel()
	s, err := d.Open(ctx, recogniser.Spec{Format: recogniser.Format{Encoding: recogniser.Mulaw, Rate: 8000}, Languages: languages})
	if err == nil {
		if err = s.CloseSend(); err == nil {
			_, err = s.Recv()
		}
		s.Cancel()
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, recogniser.ErrLimit) {
		// A stream that ends for want of audio was accepted.
		return check.Okay("speech.reachable", d.cfg.Model, "The model %s hears %s at %s.", d.cfg.Model, strings.Join(languages, ", "), d.cfg.endpoint())
	}
	return d.refused(languages, err)
}

func fault(code, subject, what, do string) check.Finding {
	return check.Finding{Code: "speech." + code, Level: check.Fault, Subject: subject, What: what, Do: do}
}

// refused tells one refusal from another.
func (d *Driver) refused(languages []string, err error) check.Finding {
	at, c := d.cfg.endpoint(), d.cfg
	var answered interface{ GRPCStatus() *status.Status }
	if classified := (*retry.Error)(nil); !errors.As(err, &answered) && errors.As(err, &classified) && strings.Contains(fmt.Sprint(classified.Err), "preparing a client") {
		// Nothing but reading credentials can fail there.
		return fault("credentials", at, "No credentials of Google's are found for "+at+".",
			"Give the service an identity: a Kubernetes service account that is bound to one of Google's, or GOOGLE_APPLICATION_CREDENTIALS.")
	}
	switch strings.TrimPrefix(retry.Code(err), Product+".") {
	case codes.InvalidArgument.String(), codes.NotFound.String(), codes.FailedPrecondition.String():
		return fault("settings", c.Model, fmt.Sprintf("Google does not hear %s with the model %s in the location %s of the project %s.", strings.Join(languages, ", "), c.Model, c.Location, c.Project),
			"Set speech.model, speech.location and the languages to what https://cloud.google.com/speech-to-text/v2/docs/speech-to-text-supported-languages lists together.")
	case codes.PermissionDenied.String():
		return fault("permission", c.Project, fmt.Sprintf("The service's identity may not recognise speech in the project %s.", c.Project),
			"Enable the Speech-to-Text API in the project, and give the identity the role Cloud Speech Client (roles/speech.client).")
	case codes.Unauthenticated.String():
		return fault("credentials", at, "Google refuses the service's credentials.", "Renew them; a key that was deleted, or a clock that is wrong, looks like this, too.")
	case codes.ResourceExhausted.String():
		return check.Finding{
			Code: "speech.quota", Level: check.Warning, Subject: c.Project, What: "The project's quota of streams is spent just now.",
			Do: "Check again in a minute; ask for more quota in Google's console if it happens while calls come in.",
		}
	case codes.DeadlineExceeded.String():
		return fault("unreachable", at, at+" does not answer in time.", "See whether a firewall or a network policy is in the way.")
	}
	return fault("unreachable", at, at+" can't be reached.", "See whether a firewall is in the way, and whether speech.location, or speech.endpoint, is right.")
}
