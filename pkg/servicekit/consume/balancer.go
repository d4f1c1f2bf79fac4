package consume

import (
	"encoding/json"
	"log/slog"
	"slices"
	"sync"

	"github.com/segmentio/kafka-go"
)

// protocol names the assignment strategy to the group; members that don't speak it can't join. The number
// changes when old and new members would assign differently.
const protocol = "frontdesk-sticky-range-1"

// balancer assigns partition numbers: partition p of every topic goes to one member. Members tell the leader
// what they own, and keep it as far as the counts stay balanced (they differ by one at most); what is free
// goes in ascending runs to those who have room, which is a plain range assignment when nobody owns anything.
type balancer struct {
	log *slog.Logger

	mu    sync.Mutex
	owned claim
}

// claim is what a member tells the leader: its user data in the join request.
type claim struct {
	// Generation in which the partitions were assigned: of two that claim one, the later has it.
	Generation int32 `json:"generation"`
	Partitions []int `json:"partitions"`
}

// own notes what the member owns now, for the next join.
func (b *balancer) own(generation int32, partitions []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.owned = claim{generation, slices.Clone(partitions)}
}

// ProtocolName implements kafka.GroupBalancer.
func (b *balancer) ProtocolName() string { return protocol }

// UserData implements kafka.GroupBalancer.
func (b *balancer) UserData() ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return json.Marshal(b.owned) //nolint:wrapcheck // numbers: it cannot fail
}

// AssignGroups implements kafka.GroupBalancer; it runs on the group's leader.
func (b *balancer) AssignGroups(members []kafka.GroupMember, partitions []kafka.Partition) kafka.GroupMemberAssignments {
	numbers := map[string][]int{} // per topic
	var all []int
	for _, p := range partitions {
		numbers[p.Topic] = append(numbers[p.Topic], p.ID)
		all = append(all, p.ID)
	}
	slices.Sort(all)
	all = slices.Compact(all)

	claims := make(map[string]claim, len(members))
	for _, m := range members {
		var c claim
		if err := json.Unmarshal(m.UserData, &c); err != nil {
			b.log.Warn("a group member's claim cannot be read; it is assigned afresh", "member", m.ID)
		}
		claims[m.ID] = c
	}
	shares := share(all, claims)

	out := kafka.GroupMemberAssignments{}
	for _, m := range members {
		out[m.ID] = map[string][]int{}
		for _, topic := range m.Topics {
			for _, p := range shares[m.ID] {
				// During a roll-out an old member does not read a new topic. That topic's partition then
				// waits for the roll-out to end: giving it to another member would split a call in two.
				if slices.Contains(numbers[topic], p) {
					out[m.ID][topic] = append(out[m.ID][topic], p)
				}
			}
		}
	}
	return out
}

// share divides partitions (ascending) among the members of claims: each gets its own back up to its quota,
// then the rest is dealt in runs. It depends on nothing but its arguments.
func share(partitions []int, claims map[string]claim) map[string][]int {
	if len(claims) == 0 {
		return nil
	}
	owner := owners(partitions, claims)
	kept := map[string][]int{}
	for _, p := range partitions {
		if m, ok := owner[p]; ok {
			kept[m] = append(kept[m], p)
		}
	}
	members := make([]string, 0, len(claims))
	for m := range claims {
		members = append(members, m)
	}
	// Who owns most gets the larger quota, so that the odd partition need not move.
	slices.SortFunc(members, func(a, b string) int {
		if d := len(kept[b]) - len(kept[a]); d != 0 {
			return d
		}
		if a < b {
			return -1
		}
		return 1
	})
	small, odd := len(partitions)/len(members), len(partitions)%len(members)
	quota := func(i int) int {
		if i < odd {
			return small + 1
		}
		return small
	}
	out := make(map[string][]int, len(members))
	given := map[int]bool{}
	for i, m := range members {
		out[m] = slices.Clone(kept[m][:min(len(kept[m]), quota(i))])
		for _, p := range out[m] {
			given[p] = true
		}
	}
	free := slices.DeleteFunc(slices.Clone(partitions), func(p int) bool { return given[p] })
	for i, m := range members {
		n := min(quota(i)-len(out[m]), len(free))
		out[m] = append(out[m], free[:n]...)
		free = free[n:]
		slices.Sort(out[m])
	}
	return out
}

// owners settles who may keep what: of several claims for a partition the one of the latest generation counts,
// then the first member's by name.
func owners(partitions []int, claims map[string]claim) map[int]string {
	owner := map[int]string{}
	for m, c := range claims {
		for _, p := range c.Partitions {
			was, taken := owner[p]
			later := c.Generation - claims[was].Generation
			if !taken || later > 0 || later == 0 && m < was {
				owner[p] = m
			}
		}
	}
	for p := range owner {
		if _, ok := slices.BinarySearch(partitions, p); !ok {
			delete(owner, p)
		}
	}
	return owner
}
