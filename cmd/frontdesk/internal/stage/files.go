package stage

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/frontdesk/frontdesk/pkg/tenant"
)

// WriteTenants writes the tenant files of a folder again, pointed at the stand-ins as they are reached by the name host, for
// services in processes of their own, which read their tenants from a folder dst. A mapping that a file names is copied beside
// it. The integration users' key stands in dst, too. Each file is there whole or not at all; a tenant's file in dst that no
// stage has written is refused: services would read it, too, and one of the same name may be somebody's own.
func (s *Stage) WriteTenants(src fs.FS, dst, host string) error {
	var names []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		some, err := fs.Glob(src, pattern)
		if err != nil {
			return fmt.Errorf("looking for tenant files: %w", err)
		}
		names = append(names, some...)
	}
	if err := othersIn(dst, names); err != nil {
		return err
	}
	key, err := filepath.Abs(KeyFile(dst))
	if err != nil {
		return fmt.Errorf("naming the integration user's key: %w", err)
	}
	if err := write(key, []byte(s.keys.jwtPEM.Reveal())); err != nil {
		return fmt.Errorf("writing the integration user's key: %w", err)
	}
	byID := map[string]*tenant.Tenant{}
	for _, t := range s.tenants.All() {
		byID[t.ID] = t
	}
	for _, name := range names {
		text, err := fs.ReadFile(src, name)
		if err != nil {
			return fmt.Errorf("reading a tenant file: %w", err)
		}
		var file map[string]any
		if err := yaml.Unmarshal(text, &file); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		id, _ := file["id"].(string)
		t := byID[id]
		if t == nil {
			continue // a mapping, or a tenant that is not of this stage
		}
		for at, value := range pointed(t, host, key) {
			section, _ := file[at[0]].(map[string]any)
			if section == nil {
				continue // what a file leaves out, it has no use for
			}
			section[at[1]] = value
		}
		if text, err = yaml.Marshal(file); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := write(filepath.Join(dst, name), text); err != nil {
			return fmt.Errorf("writing a tenant file: %w", err)
		}
		if err := copyMapping(src, dst, file); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// othersIn tells which files a folder holds that services would read as tenants and that no stage has written there: those of
// other names, and where there is no key of a stage all of them, since one of the same name may be somebody's own.
func othersIn(dst string, names []string) error {
	_, err := os.Stat(KeyFile(dst))
	ours := err == nil
	var faults []error
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		there, err := filepath.Glob(filepath.Join(dst, pattern))
		if err != nil {
			return fmt.Errorf("looking for tenant files in %s: %w", dst, err)
		}
		for _, path := range there {
			switch {
			case !slices.Contains(names, filepath.Base(path)):
				faults = append(faults, fmt.Errorf("%s is none of these tenants': remove it, or name another folder", path))
			case !ours:
				faults = append(faults, fmt.Errorf("%s would be written over, and no sandbox has written it: remove it, or name another folder", path))
			}
		}
	}
	return errors.Join(faults...)
}

// pointed are the keys, section and name, whose values make a tenant use the stand-ins.
func pointed(t *tenant.Tenant, host, key string) map[[2]string]any {
	at := func(addr string) string {
		_, port, _ := net.SplitHostPort(addr)
		return net.JoinHostPort(host, port)
	}
	url := func(base string) string { return "http://" + at(base[len("http://"):]) }
	values := map[[2]string]any{
		{"salesforce", "login_url"}:       url(t.Salesforce.LoginURL),
		{"salesforce", "audience"}:        url(t.Salesforce.Audience),
		{"salesforce", "pubsub_endpoint"}: at(t.Salesforce.PubSubEndpoint),
		{"salesforce", "insecure"}:        true,
		{"salesforce", "private_key"}:     "file:" + key,
	}
	if strings.HasPrefix(t.Twilio.APIBase, "http://") { // else a carrier of one's own rings
		values[[2]string{"twilio", "api_base"}] = url(t.Twilio.APIBase)
	}
	if t.Speech.Insecure {
		values[[2]string{"speech", "endpoint"}], values[[2]string{"speech", "insecure"}] = at(t.Speech.Endpoint), true
	}
	if t.Inference.Insecure {
		values[[2]string{"inference", "endpoint"}], values[[2]string{"inference", "insecure"}] = at(t.Inference.Endpoint), true
	}
	return values
}

// copyMapping takes the mapping along that a tenant file names.
func copyMapping(src fs.FS, dst string, file map[string]any) error {
	section, _ := file["salesforce"].(map[string]any)
	name, _ := section["mapping"].(string)
	if name == "" || filepath.IsAbs(name) {
		return nil
	}
	text, err := fs.ReadFile(src, path.Clean(name))
	if err != nil {
		return fmt.Errorf("reading its mapping: %w", err)
	}
	to := filepath.Join(dst, filepath.FromSlash(path.Clean(name)))
	if err := write(to, text); err != nil {
		return fmt.Errorf("copying its mapping: %w", err)
	}
	return nil
}
