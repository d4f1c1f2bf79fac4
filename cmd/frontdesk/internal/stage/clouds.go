package stage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/frontdesk/frontdesk/pkg/servicekit/config"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/sandbox/googlespeech"
	"github.com/frontdesk/frontdesk/sandbox/salesforce"
	"github.com/frontdesk/frontdesk/sandbox/twilio"
	"github.com/frontdesk/frontdesk/sandbox/vertexai"
)

// clouds are the stand-ins. The carrier comes last and on its own, since it must know where the webhooks are.
type clouds struct {
	salesforce *salesforce.Server
	speech     *googlespeech.Server
	vertex     *vertexai.Server
	carrier    *twilio.Carrier
}

// Password of every person in the sandbox's orgs.
const Password = "sandbox"

// start starts all but the carrier.
func (c *clouds) start(ctx context.Context, cfg Config, k keys) (err error) {
	defer func() { //nolint:contextcheck // what was started is stopped though ctx has ended
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	c.salesforce, err = salesforce.Start(ctx, salesforce.Config{
		Listen: cfg.Addrs.Salesforce, PubSubListen: cfg.Addrs.PubSub, DataDir: cfg.DataDir, Orgs: orgs(cfg.Tenants, k),
		OpenAdmin: cfg.Host != "",
	})
	if err != nil {
		return fmt.Errorf("starting the sandbox's Salesforce: %w", err)
	}
	c.speech, err = googlespeech.Start(ctx, googlespeech.Config{Listen: cfg.Addrs.Speech, Calls: cfg.Calls})
	if err != nil {
		return fmt.Errorf("starting the sandbox's Google Speech: %w", err)
	}
	c.vertex, err = vertexai.Start(ctx, vertexai.Config{Listen: cfg.Addrs.Vertex})
	if err != nil {
		return fmt.Errorf("starting the sandbox's Vertex AI: %w", err)
	}
	return nil
}

// orgs are one for each org that a tenant names, with what the tenants' catalogues may write in its picklists.
func orgs(tenants []*tenant.Tenant, k keys) []salesforce.Org {
	var all []salesforce.Org
	at := map[string]int{}
	for _, t := range tenants {
		sf := t.Salesforce
		i, known := at[sf.Org]
		if !known {
			i = len(all)
			at[sf.Org] = i
			all = append(all, salesforce.Org{
				Name: sf.Org, ClientID: sf.ClientID, PublicKey: k.jwtPEM.Reveal(), Apply: sf.Apply,
				Users: salesforce.StandardUsers(sf.Org+".example", sf.Username, Password),
			})
		}
		for _, in := range t.Catalogue.Intents {
			all[i].Intents = add(all[i].Intents, in.Name)
		}
		for _, d := range t.Catalogue.Dispositions {
			all[i].Dispositions = add(all[i].Dispositions, d.Name)
		}
	}
	return all
}

func add(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}

// point makes a tenant use the stand-ins in place of the vendors.
func (s *Stage) point(t *tenant.Tenant) {
	c := &s.clouds
	if t.Speech.Provider == "googlespeech" {
		t.Speech.Endpoint, t.Speech.Insecure = s.reached(c.speech.Addr()), true
	}
	if t.Inference.Provider == "vertex" {
		t.Inference.Endpoint, t.Inference.Insecure = s.reached(c.vertex.Addr()), true
	}
	t.Salesforce.LoginURL = s.crm()
	t.Salesforce.Audience = s.crm()
	t.Salesforce.PubSubEndpoint, t.Salesforce.Insecure = s.reached(c.salesforce.PubSubAddr()), true
	t.Salesforce.PrivateKey = s.keys.jwtPEM
	if !s.cfg.OwnCarrier {
		t.Twilio.APIBase = s.rest()
	}
}

// crm is the base of Salesforce's REST API and its login, rest that of Twilio's REST API.
func (s *Stage) crm() string  { return "http://" + s.reached(s.clouds.salesforce.Addr()) }
func (s *Stage) rest() string { return "http://" + s.reached(s.cfg.Addrs.Twilio) }

// Ring starts the carrier, with every tenant's numbers, towards the webhooks at base. Whoever places calls ends them: the carrier
// itself ends with Close, since the services ask it until they have stopped.
func (s *Stage) Ring(ctx context.Context, base string) (err error) {
	seed := s.cfg.Seed
	if seed == 0 {
		seed = rand.Uint64() //nolint:gosec // an id, not a secret
	}
	s.clouds.carrier, err = twilio.Start(context.WithoutCancel(ctx), twilio.Config{
		Listen: s.cfg.Addrs.Twilio, APIBase: s.rest(), Accounts: Accounts(s.cfg.Tenants, base), Speed: s.cfg.Speed,
		RetryPause: s.cfg.RetryPause, StreamTick: s.cfg.StreamTick, PausingTrack: s.cfg.PausingTrack,
		Seed: seed,
	})
	if err != nil {
		return fmt.Errorf("starting the sandbox's Twilio: %w", err)
	}
	return nil
}

// Accounts are the tenants' carrier accounts, their numbers set up as README.md says, towards the webhooks at
// base.
func Accounts(tenants []*tenant.Tenant, base string) []twilio.Account {
	const retries = "#rc=3&rp=5xx,ct,rt"
	var all []twilio.Account
	at := map[string]int{}
	for _, t := range tenants {
		i, known := at[t.Twilio.AccountSID]
		path := base + "/twilio/" + t.Twilio.AccountSID
		if !known {
			i = len(all)
			at[t.Twilio.AccountSID] = i
			all = append(all, twilio.Account{
				SID: t.Twilio.AccountSID, AuthTokens: reveal(t.Twilio.AuthTokens),
				DispositionURL: path + "/disposition" + retries, ConsentURL: path + "/consent" + retries,
			})
		}
		for _, n := range t.Numbers {
			all[i].Numbers = append(all[i].Numbers, twilio.Number{
				PhoneNumber: n.Number, VoiceURL: path + "/voice" + retries, VoiceFallbackURL: base + "/twilio/fallback.xml",
				StatusCallback: path + "/status" + retries,
			})
		}
	}
	return all
}

func reveal(secrets []config.Secret) []string {
	out := make([]string, len(secrets))
	for i, s := range secrets {
		out[i] = s.Reveal()
	}
	return out
}

func (c *clouds) close() error {
	var errs []error
	if c.carrier != nil {
		errs = append(errs, c.carrier.Close())
	}
	if c.vertex != nil {
		errs = append(errs, c.vertex.Close())
	}
	if c.speech != nil {
		errs = append(errs, c.speech.Close())
	}
	if c.salesforce != nil {
		errs = append(errs, c.salesforce.Close())
	}
	return errors.Join(errs...)
}
