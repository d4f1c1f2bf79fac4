package twilio

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"time"

	"github.com/frontdesk/frontdesk/sandbox/calls"
)

// studioReturn tells whether a URL hands a call back to Studio. It is never asked: the flow is played here.
func studioReturn(raw string) (*url.URL, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() != "webhooks.twilio.com" {
		return nil, false
	}
	return u, true
}

// flowGoesOn plays a Studio flow after its TwiML Redirect widget got the call back: it connects the agent, if the
// call has one, and stays until the caller goes. Its legs have no status callbacks of ours.
// Source: https://www.twilio.com/docs/studio/widget-library/twiml-redirect
func (l *life) flowGoesOn(u *url.URL) error {
	path := regexp.MustCompile(`^/v1/Accounts/(AC[0-9a-fA-F]{32})/Flows/FW[0-9a-fA-F]{32}$`).FindStringSubmatch(u.Path)
	if path == nil || path[1] != l.acct.SID || u.Query().Get("FlowEvent") != "return" {
		l.fault(Fault{codeRetrieval, "HTTP retrieval failure: got HTTP 404 response: no such flow of the account, or no FlowEvent=return"})
		return errFailed
	}
	l.pickUp()
	flow := map[string]string{}
	for k, v := range u.Query() {
		flow[k] = v[0]
	}
	l.mu.Lock()
	l.studio, l.flow = true, flow
	l.mu.Unlock()
	l.beginUnlessForked()
	if l.in.Agent == nil {
		return l.wait(forever)
	}
	g := l.newLeg("client:agent", l.from())
	answered, err := l.ringOut([]*leg{g}, time.Minute)
	if !answered {
		return err
	}
	err = l.wait(forever)
	l.endLeg(g, StatusCompleted)
	return err
}

// disposition posts what the agent says the call was, if an agent had it: a Studio flow's HTTP request widget,
// signed as all that Twilio sends.
func (l *life) disposition() {
	agent := l.in.Agent
	if agent == nil || agent.Disposition == "" || !l.agentTalked() {
		return
	}
	l.work.Go(func() {
		at := l.now().Add(time.Duration(agent.DispositionAfter))
		if _, err := l.clk.Wait(l.ctx, at, nil); err != nil {
			return
		}
		l.report(l.acct.DispositionURL, "Disposition", agent.Disposition, nil, func(r *Report) { r.Dispositions++ })
	})
}

func (l *life) agentTalked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, g := range l.children {
		if !g.answer.IsZero() {
			return true
		}
	}
	return false
}

// consent has the receptionist report the caller's answers while the call lasts.
func (l *life) consent(zero time.Time) {
	for _, r := range l.in.ReportConsent {
		if _, err := l.clk.Wait(l.ctx, zero.Add(time.Duration(r.At)), nil); err != nil || l.gone() {
			return
		}
		at := map[string]string{"Timestamp": iso8601(l.now())}
		l.report(l.acct.ConsentURL, "Consent", r.Answer, at, func(r *Report) { r.ConsentReports++ })
	}
}

// report posts a form about the call on behalf of a person at the customer's; more are parameters of its own.
func (l *life) report(to, what, value string, more map[string]string, count func(*Report)) {
	if to == "" {
		l.fault(Fault{codeRetrieval, fmt.Sprintf("the call has a %s to report and its account no URL for it", what)})
		return
	}
	from := l.in.From
	if from == "" {
		from = calls.Anonymous
	}
	params := map[string]string{
		"AccountSid": l.acct.SID, "CallSid": l.sid, "From": from, "To": l.num.PhoneNumber, what: value,
	}
	maps.Copy(params, more)
	l.out.post(to, "POST", params, func(f *Fault) {
		if f == nil {
			l.st.count(count)
		}
	})
}
