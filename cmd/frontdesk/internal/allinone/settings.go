package allinone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/frontdesk/frontdesk/cmd/frontdesk/internal/stage"
)

// SettingsFolder of the data folder has a file for each service, and the tenants' files; ReconcileSettings is that of `frontdesk
// reconcile`.
const (
	SettingsFolder    = "settings"
	ReconcileSettings = reconciliation + ".yaml"
)

// hasSettings tells whether settings are written.
func (s *Stack) hasSettings() bool { return s.opts.DataDir != "" && s.opts.TenantFiles != nil }

// writeSettings writes what services in other processes would need to run on this stack, for `frontdesk check` above all. The files
// hold credentials and are their owner's to read.
func (s *Stack) writeSettings() error {
	if !s.hasSettings() {
		return nil
	}
	data, err := filepath.Abs(s.opts.DataDir)
	if err != nil {
		return fmt.Errorf("naming the data folder: %w", err)
	}
	dir := filepath.Join(data, SettingsFolder)
	tenants := filepath.Join(dir, "tenants")
	// What an earlier start has written may be of other tenants.
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("clearing the settings of the last start: %w", err)
	}
	if err := s.WriteTenants(s.opts.TenantFiles, tenants, "127.0.0.1"); err != nil {
		return err //nolint:wrapcheck // it says what it wrote
	}
	redis := map[string]any{"addrs": []string{s.redis.Addr()}}
	var errs []error
	for _, svc := range s.services {
		if svc.name == reconciliation {
			continue
		}
		values := map[string]any{"tenants": tenants, "admin": svc.admin, "kafka": map[string]any{"brokers": []string{s.kafka.Addr()}}}
		switch svc.name {
		case "ingress":
			values["listen"], values["public_url"] = s.webhooks(), s.PublicURL()
			values["token_keys"] = []string{"file:" + stage.TokenFile(data)}
			values["redis"], values["spool"] = redis, map[string]any{"dir": filepath.Join(data, "spool")}
		case "stt":
			values["pace"] = map[string]any{"speed": max(1, s.opts.Speed)}
		case "inference", "crm-writer":
			values["redis"] = redis
		}
		errs = append(errs, writeSettings(filepath.Join(dir, svc.name+".yaml"), values))
	}
	errs = append(errs, writeSettings(filepath.Join(dir, ReconcileSettings), map[string]any{
		"tenants": tenants, "kafka": map[string]any{"brokers": []string{s.kafka.Addr()}},
	}))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("writing the services' settings: %w", err)
	}
	return nil
}

func writeSettings(file string, values map[string]any) error {
	text, err := yaml.Marshal(values)
	if err != nil {
		return err //nolint:wrapcheck // the caller says what was written
	}
	return os.WriteFile(file, text, 0o600) //nolint:wrapcheck // it names the file
}

// settingsEndpoint is where the settings stand, with the line that checks the stack by them.
func (s *Stack) settingsEndpoint() []stage.Endpoint {
	if !s.hasSettings() {
		return nil
	}
	dir := filepath.Join(s.opts.DataDir, SettingsFolder)
	args := []string{"frontdesk check"}
	for _, svc := range s.services {
		if svc.name == reconciliation {
			continue
		}
		args = append(args, "--config", quote(svc.name+"="+filepath.Join(dir, svc.name+".yaml")))
	}
	return []stage.Endpoint{
		{Part: "Settings of the services", Address: dir, Try: strings.Join(args, " ")},
		{Part: "Settings of reconciliation", Address: filepath.Join(dir, ReconcileSettings), Try: "frontdesk reconcile --data " + quote(s.opts.DataDir)},
	}
}
