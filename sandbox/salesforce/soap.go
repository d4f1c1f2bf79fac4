package salesforce

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
)

type soapEnvelope struct {
	Header struct {
		SessionHeader struct {
			SessionID string `xml:"sessionId"`
		}
	}
	Body struct {
		Login *struct {
			Username string `xml:"username"`
			Password string `xml:"password"`
		} `xml:"login"`
		Logout      *struct{} `xml:"logout"`
		GetUserInfo *struct{} `xml:"getUserInfo"`
	}
}

// soap is as much of the SOAP API as clients need to log in and out with a user name and a password.
func (s *Server) soap(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	var env soapEnvelope
	if err == nil {
		err = xml.Unmarshal(body, &env)
	}
	if err != nil {
		soapFault(w, "soapenv:Client", "the request is not a SOAP envelope")
		return
	}
	version, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/services/Soap/u/"), "/services/Soap/c/"), "/")
	switch {
	case env.Body.Login != nil:
		t, u := login(s.tenants, env.Body.Login.Username, env.Body.Login.Password)
		if u == nil {
			soapFault(w, "INVALID_LOGIN", "INVALID_LOGIN: Invalid username, password, security token; or user locked out.")
			return
		}
		url := instanceURL(r) + "/services/Soap/"
		soapBody(w, "loginResponse", fmt.Sprintf(
			"<metadataServerUrl>%sm/%s/%s</metadataServerUrl><passwordExpired>false</passwordExpired><sandbox>%v</sandbox>"+
				"<serverUrl>%su/%s/%s</serverUrl><sessionId>%s</sessionId><userId>%s</userId><userInfo>%s</userInfo>",
			escape(url), escape(version), t.ID[:15], t.Sandbox, escape(url), escape(version), t.ID[:15],
			s.sessions.start(t, u), u.ID, userInfo(t, u.ID, u.Name(), u.Username, u.Email)))
	case env.Body.Logout != nil:
		if !s.sessions.end(env.Header.SessionHeader.SessionID) {
			soapFault(w, "sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session. Session not found")
			return
		}
		soapBody(w, "logoutResponse", "")
	case env.Body.GetUserInfo != nil:
		found := s.sessions.find(env.Header.SessionHeader.SessionID)
		if found == nil {
			soapFault(w, "sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader: Illegal Session. Session not found")
			return
		}
		u := found.user
		soapBody(w, "getUserInfoResponse", userInfo(found.tenant, u.ID, u.Name(), u.Username, u.Email))
	default:
		soapFault(w, "soapenv:Client", "No operation available for request")
	}
}

func userInfo(t *tenant, id, name, username, email string) string {
	return fmt.Sprintf("<organizationId>%s</organizationId><organizationName>%s</organizationName><userId>%s</userId>"+
		"<userFullName>%s</userFullName><userName>%s</userName><userEmail>%s</userEmail><userType>Standard</userType>",
		t.ID, escape(t.Name), id, escape(name), escape(username), escape(email))
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // never fails on a builder
	return b.String()
}

func soapBody(w http.ResponseWriter, response, result string) {
	writeSOAP(w, http.StatusOK, "<"+response+"><result>"+result+"</result></"+response+">")
}

func soapFault(w http.ResponseWriter, code, message string) {
	writeSOAP(w, http.StatusInternalServerError,
		"<soapenv:Fault><faultcode>"+code+"</faultcode><faultstring>"+escape(message)+"</faultstring></soapenv:Fault>")
}

func writeSOAP(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" `+
		`xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com"><soapenv:Body>`+body+`</soapenv:Body></soapenv:Envelope>`)
}
