package idempotency

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
)

const (
	// oldest version that claims work with: SET with NX and GET together.
	oldest = 7
	// slow is a round trip that shows: every effect waits for two of them.
	slow = 10 * time.Millisecond
	// skew of clocks that is worth a word: leases are the server's own, but the logs are hard to read.
	skew = 30 * time.Second
	// pings that the round trip is taken from: the shortest, since what is longer is this machine's own doing.
	pings = 20
)

// Check finds out whether claims can stand in this Redis. It reads only.
func (r Redis) Check(ctx context.Context) []check.Finding {
	rdb, err := r.Dial()
	if err != nil {
		return []check.Finding{{
			Code: "redis.settings", Level: check.Fault, Subject: r.subject(), What: "The settings of Redis are wrong: " + err.Error() + ".",
			Do: "Correct them (redis.…).",
		}}
	}
	defer func() { _ = rdb.Close() }() // everything was answered
	if err := rdb.Ping(ctx).Err(); err != nil {
		return []check.Finding{r.unreached(err)}
	}
	found := []check.Finding{r.roundTrip(ctx, rdb)}
	info, err := rdb.Info(ctx).Result()
	if err != nil {
		return append(found, check.Finding{
			Code: "redis.info_refused", Level: check.Unknown, Subject: r.subject(),
			What: "Redis answers, but does not tell its settings, so that neither version nor eviction is known.",
			Do:   "Allow the user the command INFO, or see to it by hand that maxmemory-policy is noeviction.",
		})
	}
	found = append(found, r.settings(parseInfo(info))...)
	if !slices.ContainsFunc(found, func(f check.Finding) bool { return f.Code == "redis.replica" || f.Code == "redis.cluster" }) {
		found = append(found, r.takes(ctx, rdb)...)
	}
	return append(found, r.clock(ctx, rdb)...)
}

// absent is a key that nobody makes.
const absent = "{frontdesk-check}:absent"

// takes finds out whether a claim would be taken, by one that changes nothing: the key is not there, and XX makes none.
func (r Redis) takes(ctx context.Context, rdb redis.UniversalClient) []check.Finding {
	var refused redis.Error
	err := rdb.SetArgs(ctx, absent, "", redis.SetArgs{Mode: "XX", TTL: time.Second}).Err()
	if err == nil || errors.Is(err, redis.Nil) || !errors.As(err, &refused) {
		return nil
	}
	switch word, _, _ := strings.Cut(refused.Error(), " "); word {
	case "NOPERM":
		return []check.Finding{r.fault("not_permitted", "The user may not write the keys of claims: calls wait.", permit)}
	case "OOM":
		return []check.Finding{r.fault("full", "Its memory is full, and it takes no claims: calls wait.", "Raise maxmemory, or see who else fills it.")}
	default:
		return []check.Finding{r.fault("refused", "Redis takes no claims; it refuses them with "+word+".", "See its log.")}
	}
}

// permit says what a user needs.
const permit = "Give it +@read +@write +@scripting +@connection +info on the keys ~*."

func (r Redis) subject() string { return strings.Join(r.Addrs, ",") }

func (r Redis) fault(code, what, do string) check.Finding {
	return check.Finding{Code: "redis." + code, Level: check.Fault, Subject: r.subject(), What: what, Do: do}
}

// unreached tells the faults of the login from those of the connection. Redis names its errors by their first word.
func (r Redis) unreached(err error) check.Finding {
	var refused redis.Error
	if !errors.As(err, &refused) {
		u := check.Reach(err, "redis")
		return r.fault(u.Code, "Redis can't be reached at "+r.subject()+": "+lower(u.What), u.Do)
	}
	word, _, _ := strings.Cut(refused.Error(), " ")
	text := refused.Error()
	switch {
	case word == "WRONGPASS", strings.Contains(text, "invalid password"), strings.Contains(text, "invalid username-password"):
		return r.fault("wrong_password", "Redis refuses the user name or password.", "Correct redis.username and redis.password.")
	case word == "NOAUTH":
		return r.fault("no_password", "Redis asks for a password, and none is set.", "Set redis.password, and redis.username if it has users.")
	case strings.Contains(text, "without any password configured"):
		return r.fault("needless_password", "A password is set, and Redis has none.",
			"Take redis.password away; or give this Redis a password, which is better.")
	case word == "NOPERM":
		return r.fault("not_permitted", "The user may not even PING.", permit)
	case strings.Contains(text, "cluster support disabled"):
		return r.fault("no_cluster", "Several addresses are given, as for a Cluster, and this Redis is none.",
			"Name one address, or give redis.master_name if these are Sentinels.")
	case word == "LOADING":
		return r.fault("loading", "Redis is still reading its data.", "Check again in a minute.")
	}
	return r.fault("refused", "Redis refuses to answer, with "+word+".", "See its log.")
}

func lower(sentence string) string { return strings.ToLower(sentence[:1]) + sentence[1:] }

func (r Redis) roundTrip(ctx context.Context, rdb redis.UniversalClient) check.Finding {
	shortest := time.Duration(math.MaxInt64)
	for range pings {
		start := time.Now()
		if err := rdb.Ping(ctx).Err(); err != nil {
			return r.unreached(err)
		}
		shortest = min(shortest, time.Since(start))
	}
	if shortest > slow {
		return check.Finding{
			Code: "redis.slow", Level: check.Warning, Subject: r.subject(),
			What: fmt.Sprintf("Redis takes %s for a round trip from here; every write waits for two.", shortest.Round(time.Millisecond)),
			Do:   "Run Redis in the zone of the services. If the check runs elsewhere than they do, this says nothing about them.",
		}
	}
	return check.Okay("redis.reachable", r.subject(), "Redis answers within %s.", slow)
}

// settings judges what INFO tells.
func (r Redis) settings(info map[string]string) []check.Finding {
	var found []check.Finding
	major, _, _ := strings.Cut(info["redis_version"], ".")
	switch n, err := strconv.Atoi(major); {
	case err != nil:
		found = append(found, check.Finding{
			Code: "redis.version", Level: check.Unknown, Subject: r.subject(), What: "It does not tell its version.",
			Do: fmt.Sprintf("See to it that it is %d or later.", oldest),
		})
	case n < oldest:
		found = append(found, r.fault("version", fmt.Sprintf("It is version %s; claims need SET with NX and GET together, which came with %d.0.", info["redis_version"], oldest),
			fmt.Sprintf("Upgrade Redis to %d or later (Valkey will do).", oldest)))
	default:
		found = append(found, check.Okay("redis.version", r.subject(), "It is version %s.", info["redis_version"]))
	}
	found = append(found, r.eviction(info))
	if info["role"] == "slave" {
		found = append(found, r.fault("replica", "This is a replica: it takes no claims.", "Name the master, or the Sentinels with redis.master_name."))
	}
	if info["cluster_enabled"] == "1" && len(r.Addrs) == 1 {
		found = append(found, r.fault("cluster", "It is a node of a Cluster, and with one address the services take it for a single server: claims of other slots fail.",
			"Name several of its nodes in redis.addrs."))
	}
	if info["aof_enabled"] == "0" && info["rdb_last_save_time"] == "0" {
		found = append(found, check.Finding{
			Code: "redis.in_memory", Level: check.Note, Subject: r.subject(),
			What: "It seems to keep everything in memory only: a restart forgets the claims, and the external ids in Salesforce are then what prevents doubles.",
		})
	}
	return found
}

func (r Redis) eviction(info map[string]string) check.Finding {
	policy := info["maxmemory_policy"]
	what := "maxmemory-policy is " + policy + ": when memory runs short Redis throws claims away, and calls are written or asked about twice."
	do := "Set maxmemory-policy noeviction, and an alert on memory."
	switch {
	case policy == "":
		return check.Finding{
			Code: "redis.eviction", Level: check.Unknown, Subject: r.subject(), What: "It does not tell its maxmemory-policy.",
			Do: "See to it that it is noeviction.",
		}
	case policy == "noeviction":
		return check.Okay("redis.eviction", r.subject(), "It evicts nothing.")
	case info["maxmemory"] == "0":
		return check.Finding{
			Code: "redis.eviction", Level: check.Warning, Subject: r.subject(),
			What: "maxmemory-policy is " + policy + ". No maxmemory is set, so nothing is evicted yet; with one, claims are.", Do: do,
		}
	}
	return r.fault("eviction", what, do)
}

// clock compares the server's with ours.
func (r Redis) clock(ctx context.Context, rdb redis.UniversalClient) []check.Finding {
	at, err := rdb.Time(ctx).Result()
	if err != nil {
		return nil // not worth a right of its own
	}
	if off := time.Since(at).Abs(); off > skew {
		return []check.Finding{{
			Code: "redis.clock", Level: check.Warning, Subject: r.subject(),
			What: fmt.Sprintf("Its clock and this machine's differ by %s.", off.Round(time.Second)), Do: "Let both follow NTP.",
		}}
	}
	return nil
}

// parseInfo reads INFO's lines of name:value.
func parseInfo(text string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && !strings.HasPrefix(name, "#") {
			out[name] = value
		}
	}
	return out
}
