package ingress

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/pkg/tenant"
	"github.com/frontdesk/frontdesk/services/ingress/internal/twilio"
)

// Checks ask what only this service depends on: the tenants' accounts and numbers at the carrier, and the way from there to here.
// They read only, and need settings that are valid. Kafka is asked by whoever has the settings of all services.
func Checks(cfg Config, tenants *tenant.Set) []check.Check {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, DisableKeepAlives: true}
	c, err := twilio.NewChecker(tenants, cfg.PublicURL, cfg.Insecure, transport)
	if err != nil {
		return nil // told by Validate
	}
	all := []check.Check{{Part: "config", Run: func(context.Context) []check.Finding { return unknownNumber(cfg, tenants) }}}
	all = append(all, check.Check{Part: "config", Run: func(context.Context) []check.Finding { return []check.Finding{spoolFinding(cfg.Spool)} }})
	all = append(all, check.Check{Part: "twilio", Name: "the public URL", Run: c.Public})
	for _, t := range tenants.All() {
		all = append(all, check.Check{Part: "twilio", Tenant: t.ID, Name: "the Twilio account of " + t.ID, Run: func(ctx context.Context) []check.Finding {
			return c.Account(ctx, t)
		}})
	}
	return all
}

func unknownNumber(cfg Config, tenants *tenant.Set) []check.Finding {
	if cfg.UnknownNumber == UnknownRefuse || tenants.ByID(cfg.UnknownNumber) != nil {
		return nil
	}
	return []check.Finding{{
		Code: "config.unknown_number", Level: check.Fault, Subject: "ingress",
		What: "ingress' unknown_number names the tenant " + cfg.UnknownNumber + ", which there is not: ingress does not start.",
		Do:   "Name a tenant's id, or \"" + UnknownRefuse + "\".",
	}}
}

// smallSpool holds less than a minute of 50 calls.
const smallSpool = 64 << 20

// spoolFinding looks at the spool's folder without writing to it, since an ingress that runs has it.
func spoolFinding(s Spool) check.Finding {
	if s.Dir == "" {
		return check.Finding{
			Code: "config.spool_off", Level: check.Warning, Subject: "ingress",
			What: "ingress has no spool.dir: while Kafka is away webhooks are refused, Twilio tries again for 15 s and then drops them, and audio is lost.",
			Do:   "Set spool.dir to a folder on a disk that outlives the process, one for each replica.",
		}
	}
	at, err := nearest(s.Dir)
	if err == nil {
		const write, enter = 2, 1
		err = syscall.Access(at, write|enter)
	}
	if err != nil {
		return check.Finding{
			Code: "config.spool_folder", Level: check.Fault, Subject: "ingress",
			What: fmt.Sprintf("ingress can't write to its spool.dir, %s: %s. It does not start.", s.Dir, cause(err)),
			Do:   "Make the folder, owned by the user that ingress runs as, or name another. If the check runs elsewhere than ingress does, this says nothing.",
		}
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(at, &disk); err == nil {
		if left := disk.Bavail * uint64(disk.Bsize); left < uint64(s.MaxBytes)-min(used(s.Dir), uint64(s.MaxBytes)) {
			return check.Finding{
				Code: "config.spool_disk", Level: check.Warning, Subject: "ingress",
				What: fmt.Sprintf("The disk of ingress' spool.dir, %s, has %d MB left, less than spool.max_bytes asks for: it is full before the spool is.", s.Dir, left>>20),
				Do:   "Free the space or give it a larger disk; or lower spool.max_bytes to what there is, so that its metrics tell the truth.",
			}
		}
	}
	if s.MaxBytes < smallSpool {
		return check.Finding{
			Code: "config.spool_small", Level: check.Warning, Subject: "ingress",
			What: fmt.Sprintf("ingress' spool.max_bytes is %d: it holds %d seconds of one call's audio in all.", s.MaxBytes, s.MaxBytes/100*int64(s.AudioPercent)/20_000),
			Do:   "Reckon 20 KB for each second of each call that a broker may be away for.",
		}
	}
	return check.Okay("config.spool", "ingress", "ingress can write to its spool, %s.", s.Dir)
}

// nearest is the folder, or the one that it would be made in.
func nearest(dir string) (string, error) {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case err == nil && !info.IsDir():
			return at, errors.New("it is no folder")
		case err == nil:
			return at, nil
		case !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at):
			return at, err
		}
	}
}

// cause is an error's without the operation and the path, which are told already.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// used is what the spool takes of its disk already.
func used(dir string) (n uint64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += uint64(info.Size())
		}
	}
	return n
}
