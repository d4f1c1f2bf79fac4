package salesforce

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/frontdesk/frontdesk/sandbox/fault"
)

// adminPages is what the admin API serves; it asks for no credentials, and is open to this machine only unless Config.OpenAdmin.
const adminPages = `{
  "GET /sandbox/": "this list",
  "GET /sandbox/orgs": "orgs with their users",
  "GET /sandbox/changes": "change log; org, after, limit (default 1000), object, op, api, id, request, external",
  "GET /sandbox/records/{object}": "live records; org",
  "POST /sandbox/records": "seed [{object, fields}], all or none; org",
  "POST /sandbox/convert/{lead}": "make a Contact of a Lead; org",
  "GET /sandbox/events/{topic}": "events on the bus; org, after",
  "GET /sandbox/usage": "API calls by org and resource",
  "PUT /sandbox/allowance": "{daily, used} API requests; org",
  "GET, PUT /sandbox/faults": "fault settings",
  "GET /sandbox/meter": "what the vendor would have billed",
  "DELETE /sandbox/sessions": "end every session"
}
`

// admin is everything below /sandbox/.
func (s *Server) admin(w http.ResponseWriter, r *http.Request) {
	if !s.cfg.OpenAdmin && !local(r.RemoteAddr) {
		http.Error(w, "the admin API is open to this machine only", http.StatusForbidden)
		return
	}
	path := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/sandbox"), "/"), "/")
	q := r.URL.Query()
	if name := q.Get("org"); name != "" && s.tenant(name) == nil {
		adminError(w, r, http.StatusNotFound, "there is no org "+strconv.Quote(name))
		return
	}
	arg := ""
	if len(path) > 1 {
		arg = path[1]
	}
	switch r.Method + " " + path[0] {
	case "GET ":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, adminPages)
	case "GET orgs":
		writeJSON(w, r, http.StatusOK, s.adminOrgs())
	case "GET changes":
		s.adminChanges(w, r)
	case "GET records":
		s.adminRecords(w, r, arg)
	case "POST records":
		s.adminSeed(w, r)
	case "POST convert":
		id, err := s.Convert(q.Get("org"), arg)
		if err != nil {
			adminError(w, r, http.StatusBadRequest, err.Error())
			return
		}
		writeJSON(w, r, http.StatusOK, map[string]string{"contact": id})
	case "GET events":
		after, _ := strconv.ParseUint(q.Get("after"), 10, 64)
		writeJSON(w, r, http.StatusOK, map[string]any{"events": s.Events(q.Get("org"), arg, after)})
	case "GET usage":
		writeJSON(w, r, http.StatusOK, map[string]any{"orgs": s.Usage()})
	case "PUT allowance":
		s.adminAllowance(w, r)
	case "GET faults", "PUT faults":
		s.adminFaults(w, r)
	case "GET meter":
		writeJSON(w, r, http.StatusOK, map[string]any{"rows": s.meter.Rows()})
	case "DELETE sessions":
		s.EndSessions()
		w.WriteHeader(http.StatusNoContent)
	default:
		adminError(w, r, http.StatusNotFound, "there is no "+r.Method+" "+r.URL.Path+"; GET /sandbox/ lists what there is")
	}
}

func local(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}

func adminError(w http.ResponseWriter, r *http.Request, code int, message string) {
	writeJSON(w, r, code, map[string]string{"error": message})
}

// adminBody reads a strict JSON body.
func adminBody(w http.ResponseWriter, r *http.Request, v any) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		adminError(w, r, http.StatusBadRequest, "reading the body: "+err.Error())
		return false
	}
	return true
}

func (s *Server) adminOrgs() any {
	list := make([]any, 0, len(s.tenants))
	for _, t := range s.tenants {
		users := make([]any, 0, len(t.Users))
		for _, u := range t.Users {
			users = append(users, map[string]any{"id": u.ID, "username": u.Username, "role": u.Role})
		}
		list = append(list, map[string]any{
			"name": t.conf.Name, "id": t.ID, "client_id": t.conf.ClientID, "apply": t.conf.Apply, "users": users,
		})
	}
	return map[string]any{"orgs": list, "pubsub": s.PubSubAddr()}
}

func (s *Server) adminChanges(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	f := Filter{
		Org: q.Get("org"), Limit: 1000, Object: q.Get("object"), Op: q.Get("op"), API: q.Get("api"),
		ID: q.Get("id"), Request: q.Get("request"), External: q.Get("external"),
	}
	var err error
	if v := q.Get("after"); v != "" {
		f.After, err = strconv.ParseInt(v, 10, 64)
	}
	if v := q.Get("limit"); v != "" && err == nil {
		f.Limit, err = strconv.Atoi(v)
	}
	if err != nil || f.Limit < 1 || f.After < 0 {
		adminError(w, r, http.StatusBadRequest, "after and limit must be numbers")
		return
	}
	changes := s.ChangeLog(f)
	next := f.After
	if n := len(changes); n > 0 {
		next = changes[n-1].Seq
	} else {
		changes = []Change{}
	}
	writeJSON(w, r, http.StatusOK, map[string]any{"changes": changes, "next": next})
}

func (s *Server) adminRecords(w http.ResponseWriter, r *http.Request, object string) {
	name := r.URL.Query().Get("org")
	var records []map[string]any
	for _, t := range s.tenants {
		if name != "" && s.tenant(name) != t {
			continue
		}
		if t.Schema.Object(object) == nil {
			adminError(w, r, http.StatusNotFound, "there is no object "+strconv.Quote(object))
			return
		}
		for _, rec := range s.Records(t.conf.Name, object) {
			rec = shortened(rec)
			rec["org"] = t.conf.Name
			records = append(records, rec)
		}
	}
	if records == nil {
		records = []map[string]any{}
	}
	writeJSON(w, r, http.StatusOK, map[string]any{"records": records})
}

func (s *Server) adminSeed(w http.ResponseWriter, r *http.Request) {
	var in []Record
	if !adminBody(w, r, &in) {
		return
	}
	ids, err := s.Seed(r.URL.Query().Get("org"), in)
	if err != nil {
		adminError(w, r, http.StatusBadRequest, err.Error())
		return
	}
	writeJSON(w, r, http.StatusOK, map[string]any{"ids": ids})
}

func (s *Server) adminAllowance(w http.ResponseWriter, r *http.Request) {
	in := struct {
		Daily int `json:"daily"`
		Used  int `json:"used"`
	}{Used: -1}
	if !adminBody(w, r, &in) {
		return
	}
	if err := s.SetAllowance(r.URL.Query().Get("org"), in.Daily, in.Used); err != nil {
		adminError(w, r, http.StatusNotFound, err.Error())
		return
	}
	writeJSON(w, r, http.StatusOK, map[string]any{"orgs": s.Usage()})
}

func (s *Server) adminFaults(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		var in fault.Settings
		if !adminBody(w, r, &in) {
			return
		}
		s.SetFaults(in)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(w, r, http.StatusOK, s.draws)
}
