package twilio

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// admin adds what Twilio doesn't have, for processes outside, all in JSON: GET /sandbox/report, GET
// /sandbox/meter, PUT /sandbox/faults (of the REST API; /sandbox/faults/webhooks and /sandbox/faults/streams are those of
// the way to the customer), and POST /sandbox/peers (see peers.go).
func (c *Carrier) admin(mux *http.ServeMux) {
	show := func(w http.ResponseWriter, body any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body) // the client has gone if this fails
	}
	mux.HandleFunc("GET /sandbox/report", func(w http.ResponseWriter, _ *http.Request) { show(w, c.Report()) })
	mux.HandleFunc("GET /sandbox/meter", func(w http.ResponseWriter, _ *http.Request) { show(w, c.meter.Rows()) })
	for path, faults := range map[string]*fault.Injector{"": c.faults, "/webhooks": c.hooks, "/streams": c.forks} {
		mux.HandleFunc("PUT /sandbox/faults"+path, func(w http.ResponseWriter, r *http.Request) { setFaults(w, r, faults) })
	}
	mux.HandleFunc("POST /sandbox/peers", c.addPeer)
}

func setFaults(w http.ResponseWriter, r *http.Request, faults *fault.Injector) {
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16))
	dec.DisallowUnknownFields()
	var set fault.Settings
	if err := dec.Decode(&set); err != nil {
		http.Error(w, "the fault settings can't be read: "+err.Error(), http.StatusBadRequest)
		return
	}
	faults.Set(set)
	w.WriteHeader(http.StatusNoContent)
}

func (c *Carrier) addPeer(w http.ResponseWriter, r *http.Request) {
	user, token, ok := r.BasicAuth()
	if a := c.account(user); !ok || a == nil || !a.opens(token) {
		http.Error(w, "an account of this carrier opens it", http.StatusUnauthorized)
		return
	}
	base, err := url.Parse(r.PostFormValue("Url"))
	if err != nil || base.Scheme != "http" || base.Host == "" || base.Path != "" {
		http.Error(w, "Url must be http://host:port", http.StatusBadRequest)
		return
	}
	c.peers.join(base.String())
	w.WriteHeader(http.StatusNoContent)
}
