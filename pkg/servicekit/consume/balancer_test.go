package consume

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/segmentio/kafka-go"
)

func TestShare(t *testing.T) {
	run := func(from, to int) []int {
		var out []int
		for p := from; p < to; p++ {
			out = append(out, p)
		}
		return out
	}
	for _, c := range []struct {
		name       string
		partitions int
		claims     map[string]claim
		want       map[string][]int
	}{
		{"nobody", 3, nil, nil},
		{"one has all", 3, map[string]claim{"x": {}}, map[string][]int{"x": {0, 1, 2}}},
		{"a plain range when nobody owns anything", 7, map[string]claim{"x": {}, "y": {}, "z": {}},
			map[string][]int{"x": {0, 1, 2}, "y": {3, 4}, "z": {5, 6}}},
		{"more members than partitions", 2, map[string]claim{"x": {}, "y": {}, "z": {}},
			map[string][]int{"x": {0}, "y": {1}, "z": nil}},
		{"a newcomer takes what is over the quota", 6, map[string]claim{"x": {1, run(0, 6)}, "y": {}},
			map[string][]int{"x": {0, 1, 2}, "y": {3, 4, 5}}},
		{"a leaver's partitions are dealt, others stay", 6, map[string]claim{"x": {2, []int{0, 1}}, "y": {2, []int{4, 5}}},
			map[string][]int{"x": {0, 1, 2}, "y": {3, 4, 5}}},
		{"the odd partition stays with who has it", 5, map[string]claim{"x": {2, []int{0, 1}}, "y": {2, []int{2, 3, 4}}},
			map[string][]int{"x": {0, 1}, "y": {2, 3, 4}}},
		{"a member that was away claims an old generation", 4, map[string]claim{"x": {1, run(0, 4)}, "y": {5, []int{2, 3}}},
			map[string][]int{"x": {0, 1}, "y": {2, 3}}},
		{"a claim to what no longer exists", 2, map[string]claim{"x": {1, []int{0, 7, -1}}, "y": {1, []int{1}}},
			map[string][]int{"x": {0}, "y": {1}}},
		{"a claim made twice in one generation", 2, map[string]claim{"x": {3, []int{0, 1}}, "y": {3, []int{0, 1}}},
			map[string][]int{"x": {0}, "y": {1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := share(run(0, c.partitions), c.claims)
			for m := range got {
				if len(got[m]) == 0 {
					got[m] = nil
				}
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// Whatever members claim, every partition has one owner, counts differ by one at most, and one that leaves or
// joins moves no more than it must.
func TestShareAlwaysBalances(t *testing.T) {
	const partitions = 24
	all := make([]int, 0, partitions)
	for p := range partitions {
		all = append(all, p)
	}
	claims := map[string]claim{"m0": {}}
	for gen := int32(1); gen < 500; gen++ {
		shares := share(all, claims)
		owner := map[int]string{}
		least, most := partitions, 0
		for m, ps := range shares {
			least, most = min(least, len(ps)), max(most, len(ps))
			for _, p := range ps {
				if was, twice := owner[p]; twice {
					t.Fatalf("partition %d belongs to %s and %s", p, was, m)
				}
				owner[p] = m
			}
		}
		if len(owner) != partitions || most-least > 1 {
			t.Fatalf("%d partitions owned, between %d and %d a member", len(owner), least, most)
		}
		kept := 0
		for m, c := range claims {
			for _, p := range c.Partitions {
				if owner[p] == m {
					kept++
				}
			}
		}
		staying, have := len(claims), 0
		for _, c := range claims {
			have += min(len(c.Partitions), (partitions+staying-1)/staying)
		}
		if kept < have-staying {
			t.Fatalf("generation %d: %d partitions stayed of %d that could", gen, kept, have)
		}
		for m := range claims {
			claims[m] = claim{gen, shares[m]}
		}
		if n := len(claims); n > 1 && rand.IntN(2) == 0 {
			for m := range claims {
				delete(claims, m)
				break
			}
		} else if n < 30 {
			claims[fmt.Sprint("m", gen)] = claim{}
		}
	}
}

func TestAssignGroupsKeepsPartitionNumbersTogether(t *testing.T) {
	b := &balancer{log: slog.New(slog.DiscardHandler)}
	b.own(3, []int{1})
	data, err := b.UserData()
	if err != nil {
		t.Fatal(err)
	}
	partitions := make([]kafka.Partition, 0, 9)
	for _, topic := range []string{"a", "a.svc.retry", "new"} {
		for p := range 3 {
			partitions = append(partitions, kafka.Partition{Topic: topic, ID: p})
		}
	}
	got := b.AssignGroups([]kafka.GroupMember{
		{ID: "x", Topics: []string{"a", "a.svc.retry"}, UserData: data},
		{ID: "y", Topics: []string{"a", "a.svc.retry", "new"}, UserData: []byte("not ours")},
	}, partitions)
	want := kafka.GroupMemberAssignments{
		"x": {"a": {0, 1}, "a.svc.retry": {0, 1}},
		// The old member x does not read the new topic: partitions 0 and 1 of it wait for the roll-out.
		"y": {"a": {2}, "a.svc.retry": {2}, "new": {2}},
	}
	for _, m := range got {
		for _, ps := range m {
			slices.Sort(ps)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
