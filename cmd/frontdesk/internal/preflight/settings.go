// Package preflight looks at a deployment before the first call: the settings of all four services, what must agree between them,
// and everything that they depend on, each asked as its service would ask.
//
//	settings.go  the services' settings, read as they would read them
//	agree.go     what must agree between services
//	tenants.go   what the tenants' files promise and lack
//	checks.go    all checks, in order
package preflight

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/servicekit/broker"
	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/servicekit/idempotency"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	crmwriter "github.com/frontdesk/frontdesk/services/crm-writer"
	"github.com/frontdesk/frontdesk/services/inference"
	"github.com/frontdesk/frontdesk/services/ingress"
	"github.com/frontdesk/frontdesk/services/stt"
)

// Services by their names, in the order of the pipeline.
func Services() []string { return []string{"ingress", "stt", "inference", "crm-writer"} }

// Prefix of a service's variables in the environment, without the underscore at its end.
func Prefix(service string) string {
	return "FRONTDESK_" + strings.ToUpper(strings.ReplaceAll(service, "-", "_"))
}

// Settings of a deployment.
type Settings struct {
	Ingress   ingress.Config
	STT       stt.Config
	Inference inference.Config
	CRMWriter crmwriter.Config

	// faults of each service's settings, one a line; nil for one that would start.
	faults map[string]error
}

// Load reads the settings of every service: defaults, its file if one is named, its environment. What is wrong with values becomes
// findings later; the error is of files that can't be read at all.
func Load(files map[string]string) (*Settings, error) {
	s := &Settings{
		Ingress: ingress.Defaults(), STT: stt.Defaults(), Inference: inference.Defaults(), CRMWriter: crmwriter.Defaults(),
		faults: map[string]error{},
	}
	var unreadable []error
	for _, name := range Services() {
		err := config.Load(s.of(name), Prefix(name), files[name])
		if _, ok := errors.AsType[*config.UnreadableError](err); ok {
			unreadable = append(unreadable, err)
		}
		s.faults[name] = err
	}
	return s, errors.Join(unreadable...)
}

func (s *Settings) of(service string) any {
	switch service {
	case "ingress":
		return &s.Ingress
	case "stt":
		return &s.STT
	case "inference":
		return &s.Inference
	}
	return &s.CRMWriter
}

func (s *Settings) valid(service string) bool { return s.faults[service] == nil }

// findings are the faults of one service's settings.
func (s *Settings) findings(service string) []check.Finding {
	err := s.faults[service]
	if err == nil {
		return []check.Finding{check.Okay("config.settings", service, "%s has settings that it would start with.", service)}
	}
	var found []check.Finding
	for line := range strings.Lines(err.Error()) {
		found = append(found, check.Finding{
			Code: "config.settings", Level: check.Fault, Subject: service, What: fmt.Sprintf("%s would not start: %s.", service, strings.TrimRight(line, ".\n")),
			Do: fmt.Sprintf("Correct it in the service's file or in the environment (%s_…).", Prefix(service)),
		})
	}
	return found
}

// kafka is how each service reaches Kafka.
func (s *Settings) kafka() map[string]broker.Config {
	return map[string]broker.Config{"ingress": s.Ingress.Kafka, "stt": s.STT.Kafka, "inference": s.Inference.Kafka, "crm-writer": s.CRMWriter.Kafka}
}

// redis is how each service that claims reaches Redis. ingress may do without.
func (s *Settings) redis() map[string]idempotency.Redis {
	out := map[string]idempotency.Redis{"inference": s.Inference.Redis, "crm-writer": s.CRMWriter.Redis}
	if len(s.Ingress.Redis.Addrs) > 0 {
		out["ingress"] = s.Ingress.Redis
	}
	return out
}

// folders are the tenants' folders, by service.
func (s *Settings) folders() map[string]string {
	return map[string]string{"ingress": s.Ingress.Tenants, "stt": s.STT.Tenants, "inference": s.Inference.Tenants, "crm-writer": s.CRMWriter.Tenants}
}

// readersOf are the services that read a folder of tenants.
func (s *Settings) readersOf(dir string) []string {
	folders := s.folders()
	return slices.DeleteFunc(Services(), func(name string) bool { return folders[name] != dir })
}

// loaded are the tenants of one folder.
type loaded struct {
	set *tenant.Set
	err error
	// content is what the files hold, for comparing folders.
	content string
}

// tenants loads each folder once.
func (s *Settings) tenants() map[string]loaded {
	out := map[string]loaded{}
	for _, dir := range s.folders() {
		if _, done := out[dir]; dir == "" || done {
			continue
		}
		l := loaded{content: contentOf(dir)}
		l.set, l.err = tenant.Load(dir)
		out[dir] = l
	}
	return out
}

// contentOf joins the files of a folder, or one file.
func contentOf(dir string) string {
	var b strings.Builder
	for _, pattern := range []string{dir, filepath.Join(dir, "*.yaml"), filepath.Join(dir, "*.yml")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			continue // a folder whose name is a pattern: its tenants tell
		}
		for _, f := range files {
			if text, err := os.ReadFile(f); err == nil { //nolint:gosec // the operator names the folder in the settings
				fmt.Fprintf(&b, "%s %d\n%s\n", filepath.Base(f), len(text), text)
			}
		}
	}
	return b.String()
}

// fixed is a check that has been made already; it has no name, since nobody waits for it.
func fixed(part string, found []check.Finding) check.Check {
	return check.Check{Part: part, Run: func(context.Context) []check.Finding { return found }}
}
