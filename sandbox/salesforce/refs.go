package salesforce

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// references are the answers that later subrequests may point into: @{ref.id}, @{query.records[0].Id}. Names are
// case-sensitive.
type references map[string]any

var (
	referenceUse = regexp.MustCompile(`@\{([^}]*)\}`)
	pathStep     = regexp.MustCompile(`^([A-Za-z0-9_]+)((?:\[[0-9]+\])*)$`)
)

// fill returns a request with its references replaced.
func (refs references) fill(r *request) (*request, error) {
	out := *r
	out.path = make([]string, len(r.path))
	for i, p := range r.path {
		s, err := refs.text(p)
		if err != nil {
			return nil, err
		}
		out.path[i] = s
	}
	out.query = url.Values{}
	for k, vs := range r.query {
		for _, v := range vs {
			s, err := refs.text(v)
			if err != nil {
				return nil, err
			}
			out.query.Add(k, s)
		}
	}
	var err error
	out.body, err = refs.value(r.body)
	return &out, err
}

func (refs references) value(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return refs.whole(v)
	case map[string]any:
		out := maps.Clone(v)
		for k, inner := range v {
			f, err := refs.value(inner)
			if err != nil {
				return nil, err
			}
			out[k] = f
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			f, err := refs.value(inner)
			if err != nil {
				return nil, err
			}
			out[i] = f
		}
		return out, nil
	default:
		return v, nil
	}
}

// whole keeps the type of what is referred to where the reference is all of the value.
func (refs references) whole(s string) (any, error) {
	if m := referenceUse.FindStringSubmatch(s); m != nil && m[0] == s {
		return refs.get(m[1])
	}
	return refs.text(s)
}

func (refs references) text(s string) (string, error) {
	if !strings.Contains(s, "@{") {
		return s, nil
	}
	var fault error
	out := referenceUse.ReplaceAllStringFunc(s, func(use string) string {
		v, err := refs.get(use[2 : len(use)-1])
		if err != nil && fault == nil {
			fault = err
		}
		return fmt.Sprint(v)
	})
	return out, fault
}

func (refs references) get(path string) (any, error) {
	steps := strings.Split(path, ".")
	name, index, ok := step(steps[0])
	missing := fmt.Errorf("Invalid reference specified. No value for %s found in %s", path, name) //nolint:staticcheck // the vendor's words
	at, there := refs[name]
	if !ok || !there {
		return nil, missing
	}
	at, ok = indexed(plain(at), index)
	for _, s := range steps[1:] {
		if !ok {
			return nil, missing
		}
		name, index, isStep := step(s)
		m, isMap := at.(map[string]any)
		v, has := m[name]
		if !isStep || !isMap || !has {
			return nil, missing
		}
		at, ok = indexed(v, index)
	}
	if !ok || len(steps) < 2 && index == nil {
		return nil, missing
	}
	return at, nil
}

func step(s string) (name string, index []int, ok bool) {
	m := pathStep.FindStringSubmatch(s)
	if m == nil {
		return s, nil, false
	}
	for part := range strings.SplitSeq(strings.Trim(m[2], "[]"), "][") {
		if part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return m[1], nil, false
		}
		index = append(index, n)
	}
	return m[1], index, true
}

func indexed(v any, index []int) (any, bool) {
	for _, i := range index {
		list, ok := v.([]any)
		if !ok || i >= len(list) {
			return nil, false
		}
		v = list[i]
	}
	return v, true
}

// plain is an answer as its JSON reads.
func plain(v any) any {
	if s, ok := v.(saved); ok { // nearly all references, without the detour
		return map[string]any{"id": s.ID, "success": s.Success}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(b, &out) != nil {
		return nil
	}
	return out
}

// dependencies are, for each node, the nodes that it refers to; -1 for one that isn't there.
func dependencies(nodes []*node) [][]int {
	at := map[string]int{}
	for i, n := range nodes {
		at[n.ReferenceID] = i
	}
	out := make([][]int, len(nodes))
	for i, n := range nodes {
		uses(n.URL, func(name string) { out[i] = append(out[i], place(at, name)) })
		walk(n.Body, func(s string) {
			uses(s, func(name string) { out[i] = append(out[i], place(at, name)) })
		})
	}
	return out
}

func place(at map[string]int, name string) int {
	if i, ok := at[name]; ok {
		return i
	}
	return -1
}

func uses(s string, do func(name string)) {
	if !strings.Contains(s, "@{") {
		return
	}
	for _, m := range referenceUse.FindAllStringSubmatch(s, -1) {
		name, _, _ := step(strings.Split(m[1], ".")[0])
		do(name)
	}
}

func walk(v any, do func(string)) {
	switch v := v.(type) {
	case string:
		do(v)
	case map[string]any:
		for _, inner := range v {
			walk(inner, do)
		}
	case []any:
		for _, inner := range v {
			walk(inner, do)
		}
	}
}
