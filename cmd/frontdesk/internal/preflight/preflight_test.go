package preflight

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/frontdesk/frontdesk/pkg/events"
	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
)

const samples = "../../../../samples/tenants"

// healthy are settings that agree; nothing listens where they lead.
func healthy(t *testing.T) *Settings {
	t.Helper()
	s, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name := range s.faults {
		s.faults[name] = nil
	}
	brokers := []string{"127.0.0.1:1"}
	s.Ingress.Kafka.Brokers, s.STT.Kafka.Brokers, s.Inference.Kafka.Brokers, s.CRMWriter.Kafka.Brokers = brokers, brokers, brokers, brokers
	s.Inference.Redis.Addrs, s.CRMWriter.Redis.Addrs = []string{"127.0.0.1:2"}, []string{"127.0.0.1:2"}
	s.Ingress.Tenants, s.STT.Tenants, s.Inference.Tenants, s.CRMWriter.Tenants = samples, samples, samples, samples
	s.Ingress.PublicURL = "https://calls.example.com"
	return s
}

func TestSettingsThatAgree(t *testing.T) {
	s := healthy(t)
	if found := s.agree(s.tenants()); len(found) != 1 || found[0].Level != check.OK {
		t.Errorf("%+v", found)
	}
}

func TestSettingsThatDoNotAgree(t *testing.T) {
	other := t.TempDir()
	if err := os.CopyFS(other, os.DirFS(samples)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(other, "globex.yaml")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		wrong   func(*Settings)
		code    string
		subject string
		level   check.Level
		do      string
	}{
		"other brokers":         {func(s *Settings) { s.STT.Kafka.Brokers = []string{"elsewhere:9092"} }, "kafka_differs", "stt", check.Warning, "kafka.brokers"},
		"another Redis":         {func(s *Settings) { s.CRMWriter.Redis.Addrs = []string{"elsewhere:6379"} }, "redis_differs", "crm-writer", check.Warning, "redis.addrs"},
		"other tenants":         {func(s *Settings) { s.CRMWriter.Tenants = other }, "tenants_differ", "crm-writer", check.Fault, "same folder"},
		"another group":         {func(s *Settings) { s.STT.Consume.Group = "hearing" }, "group", "stt", check.Fault, "consume.group"},
		"one address twice":     {func(s *Settings) { s.STT.Admin = s.CRMWriter.Admin }, "address_twice", "", check.Fault, "another port"},
		"too short a grace":     {func(s *Settings) { s.CRMWriter.Grace = time.Second }, "durations", "crm-writer", check.Warning, "consume.detached"},
		"too long an idle time": {func(s *Settings) { s.Ingress.Media.Idle = time.Minute }, "durations", "ingress", check.Warning, "hearing.silent_socket"},
		"a question cut off":    {func(s *Settings) { s.Inference.Grace = time.Second }, "durations", "inference", check.Warning, "terminationGracePeriodSeconds"},
		"an address of our own": {func(s *Settings) { s.Ingress.PublicURL = "http://127.0.0.1:8080" }, "public_url", "ingress", check.Fault, "https address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy(t)
			c.wrong(s)
			found := s.agree(s.tenants())
			if len(found) != 1 || found[0].Code != "config."+c.code || found[0].Level != c.level || c.subject != "" && found[0].Subject != c.subject || !strings.Contains(found[0].Do, c.do) {
				t.Errorf("%+v", found)
			}
		})
	}
	s := healthy(t)
	s.Inference.Consume.Detached = time.Second
	if found := s.agree(s.tenants()); len(found) != 3 || found[0].Code != "config.durations" || found[0].Level != check.Fault || !strings.Contains(found[0].What, "tenant acme: inference.timeout") {
		t.Errorf("questions that take longer than inference waits for them: %+v", found)
	}
	s = healthy(t)
	s.STT.Tenants = other
	if err := os.CopyFS(filepath.Join(other, "again"), os.DirFS(samples)); err != nil {
		t.Fatal(err)
	}
	s.STT.Tenants = filepath.Join(other, "again")
	if found := s.agree(s.tenants()); found[0].Level != check.OK {
		t.Errorf("equal files in two folders: %+v", found)
	}
}

func sample(t *testing.T) *tenant.Tenant {
	t.Helper()
	set, err := tenant.Load(samples)
	if err != nil {
		t.Fatal(err)
	}
	return set.ByID("acme")
}

func TestWhatATenantsFileLacks(t *testing.T) {
	for name, c := range map[string]struct {
		wrong func(*tenant.Tenant)
		code  string
		level check.Level
		do    string
	}{
		"all is there": {func(*tenant.Tenant) {}, "file", check.OK, ""},
		"no agreement": {func(t *tenant.Tenant) { t.Privacy.ThirdPartySpeech = nil }, "no_agreement", check.Warning, "privacy.third_party_speech"},
		"no ground":    {func(t *tenant.Tenant) { t.Consent.Policy = tenant.ConsentNotAsked }, "no_basis", check.Warning, "consent.basis"},
		"no prices":    {func(t *tenant.Tenant) { t.Prices.Units = t.Prices.Units[1:] }, "price_unknown", check.Warning, "prices.units"},
		"a stand-in":   {func(t *tenant.Tenant) { t.Salesforce.Insecure = true }, "insecure", check.Note, ""},
	} {
		t.Run(name, func(t *testing.T) {
			acme := sample(t)
			c.wrong(acme)
			found := tenantCheck(acme).Run(t.Context())
			i := slices.IndexFunc(found, func(f check.Finding) bool { return f.Code == "tenants."+c.code })
			if i < 0 || found[i].Level != c.level || !strings.Contains(found[i].Do, c.do) {
				t.Errorf("%+v", found)
			}
		})
	}
}

// TestTenantFilesAreRefusedLineByLine: every fault is a finding of its own.
func TestTenantFilesAreRefusedLineByLine(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bad.yaml"), []byte("version: 2\nid: X\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := healthy(t)
	s.Ingress.Tenants, s.STT.Tenants, s.Inference.Tenants, s.CRMWriter.Tenants = dir, dir, dir, dir
	found := loadFindings(dir, s.readersOf(dir), s.tenants()[dir])
	if len(found) < 2 || check.Worst(found) != check.Fault || !strings.Contains(found[0].What, "bad.yaml:1") || found[0].Do == "" {
		t.Errorf("%+v", found)
	}
	for _, c := range s.Checks() {
		if c.Tenant != "" {
			t.Errorf("the tenant %q is asked for", c.Tenant)
		}
	}
}

// TestAFolderOfTenantsThatIsNotThere is one finding, which says who can't start without it.
func TestAFolderOfTenantsThatIsNotThere(t *testing.T) {
	s := healthy(t)
	s.STT.Tenants = filepath.Join(t.TempDir(), "none")
	tenants := s.tenants()
	found := loadFindings(s.STT.Tenants, s.readersOf(s.STT.Tenants), tenants[s.STT.Tenants])
	if len(found) != 1 || !strings.Contains(found[0].What, "there is no folder") || !strings.Contains(found[0].Do, "until then stt can't start") {
		t.Errorf("%+v", found)
	}
	if found := s.agree(tenants); len(found) != 1 || found[0].Level != check.OK {
		t.Errorf("it is told twice: %+v", found)
	}
}

// TestSettingsThatAreRefusedAgreeWithNothing: nobody is told that all is well with them.
func TestSettingsThatAreRefusedAgreeWithNothing(t *testing.T) {
	s, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if found := s.agree(s.tenants()); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}

// TestChecksComeByPartAndTenant, so that findings stand together.
func TestChecksComeByPartAndTenant(t *testing.T) {
	var last string
	seen := map[string]bool{}
	for _, c := range healthy(t).Checks() {
		at := c.Part + " " + c.Tenant
		if at != last && seen[at] {
			t.Errorf("%s comes twice", at)
		}
		last, seen[at] = at, true
	}
	for _, part := range Parts() {
		if !slices.ContainsFunc(healthy(t).Checks(), func(c check.Check) bool { return c.Part == part }) {
			t.Errorf("nothing looks at %s", part)
		}
	}
}

// TestRightsFollowTheContract: who owns a topic writes it, who reads it is a group or looks it up.
func TestRightsFollowTheContract(t *testing.T) {
	for _, service := range Services() {
		r := rights(service)
		for _, topic := range events.Topics() {
			if writes := slices.Contains(r.Write, topic.Name); topic.Owner == service && !topic.Reserved && !writes {
				t.Errorf("%s may not write its own %s", service, topic.Name)
			}
		}
		if (r.Group != "") != (service != "ingress") {
			t.Errorf("%s reads as the group %q", service, r.Group)
		}
	}
	if r := rights("ingress"); !slices.Contains(r.Read, "calls.lifecycle") || slices.Contains(r.Write, "calls.transcripts") {
		t.Errorf("%+v", r)
	}
}

// sources are where findings are made, with the part of those whose code stands there without one.
func sources() map[string]string {
	return map[string]string{
		"settings.go": "config", "agree.go": "config", "tenants.go": "tenants", "checks.go": "kafka",
		"../../../../pkg/servicekit/broker/check.go": "kafka", "../../../../pkg/servicekit/idempotency/check.go": "redis",
		"../../../../services/ingress/check.go": "config", "../../../../services/ingress/internal/twilio/check.go": "twilio",
		"../../../../services/stt/check.go": "speech", "../../../../services/stt/internal/recogniser/googlespeech/check.go": "speech",
		"../../../../services/inference/check.go": "model", "../../../../services/inference/internal/model/vertex/check.go": "model",
		"../../../../services/crm-writer/check.go": "tenants", "../../../../services/crm-writer/internal/orgcheck/orgcheck.go": "salesforce",
		"../../../../services/crm-writer/internal/orgcheck/fields.go": "salesforce", "../../../../services/crm-writer/internal/orgcheck/bus.go": "salesforce",
		"../../../../services/crm-writer/internal/orgcheck/login.go": "salesforce",
	}
}

// TestSilenceIsNoHealth: a part that can't be asked, for what is wrong with settings or tenants, says so itself.
func TestSilenceIsNoHealth(t *testing.T) {
	for name, wrong := range map[string]func(*Settings){
		"kafka":  func(s *Settings) { s.STT.Kafka.Brokers = nil },
		"redis":  func(s *Settings) { s.CRMWriter.Redis.Addrs = []string{"redis://:word@127.0.0.1:2"} },
		"twilio": func(s *Settings) { s.Ingress.Tenants = "nowhere" }, "speech": func(s *Settings) { s.STT.Tenants = "nowhere" },
		"model": func(s *Settings) { s.Inference.Tenants = "nowhere" }, "salesforce": func(s *Settings) { s.CRMWriter.Tenants = "nowhere" },
	} {
		told := func(s *Settings) (faults []check.Finding) {
			for _, c := range s.Checks() {
				if c.Part == name && c.Name == "" { // what takes no time
					faults = append(faults, c.Run(t.Context())...)
				}
			}
			return faults
		}
		s := healthy(t)
		if found := told(s); len(found) > 0 {
			t.Errorf("%s, well: %+v", name, found)
		}
		wrong(s)
		found := told(s)
		if len(found) != 1 || found[0].Code != name+".not_asked" || found[0].Level != check.Fault || strings.Contains(found[0].What, "word") {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestCodesAreDocumented: every code that a finding can have stands in docs/check.md, by its part.
func TestCodesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/check.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(text), "<!-- codes")
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([a-z]+) \| ([a-z_, ]+) \|$`).FindAllStringSubmatch(list, -1) {
		if row[1] == "part" {
			continue
		}
		for code := range strings.SplitSeq(row[2], ", ") {
			documented[row[1]+"."+code] = true
		}
	}
	whole := regexp.MustCompile(`(?:Code: |Okay\()"([a-z]+\.[a-z_]+)"`)
	short := regexp.MustCompile(`(?:[fF]ault|\.ok|unasked)\("([a-z_]+)",|add\(check\.[A-Za-z]+, "([a-z_]+)"|webhook\(add, "([a-z_]+)"|\}, "(login_[a-z_]+)",`)
	made := map[string]bool{}
	for file, part := range sources() {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		codes := map[string]bool{}
		for _, m := range whole.FindAllStringSubmatch(string(source), -1) {
			codes[m[1]] = true
		}
		for _, m := range short.FindAllStringSubmatch(string(source), -1) {
			if code := strings.Join(m[1:], ""); !strings.Contains(m[0], "unasked") {
				codes[part+"."+code] = true
			}
		}
		for code := range codes {
			made[code] = true
			_, name, _ := strings.Cut(code, ".")
			if !documented[code] && name != "unreachable" {
				t.Errorf("%s, of %s, stands not in docs/check.md", code, file)
			}
		}
	}
	for code := range documented {
		// The codes of a webhook without tries, and of a network, are put together.
		if !made[strings.TrimSuffix(code, "_retries")] && !strings.HasSuffix(code, ".unreachable") {
			t.Errorf("%s stands in docs/check.md, and nothing makes it", code)
		}
	}
}
