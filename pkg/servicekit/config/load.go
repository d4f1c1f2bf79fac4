// Package config loads a service's settings: defaults < file < environment, strict, all faults together.
package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// Validator is a settings struct that knows its rules. Its error lists every fault (errors.Join).
type Validator interface{ Validate() error }

// UnreadableError is a settings file that is not there, or is no YAML: nothing can be said of what stands in it.
type UnreadableError struct {
	Path string
	Err  error
}

// Error implements error.
func (e *UnreadableError) Error() string { return "reading " + e.Path + ": " + e.Err.Error() }

// Unwrap implements errors.Unwrap.
func (e *UnreadableError) Unwrap() error { return e.Err }

// Load fills cfg, a pointer to a struct with koanf tags that already holds the defaults. path is a YAML file,
// "" for none. Environment variables are prefix + "_" + the key's path in upper case, "__" between levels:
//
//	FRONTDESK_STT_KAFKA__BROKERS=a:9092,b:9092   is   kafka: {brokers: [a:9092, b:9092]}
//
// An unknown key, in the file or behind the prefix, is a fault; so is whatever cfg.Validate() returns. The
// error lists every fault, one a line, and never quotes a value of a [Secret].
func Load(cfg any, prefix, path string) error {
	k := koanf.New(".")
	origin := map[string]string{}
	if path != "" {
		if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
			return &UnreadableError{path, err}
		}
		for _, key := range k.Keys() {
			origin[key] = path
		}
	}
	vars := env.Provider(".", env.Opt{
		Prefix:      prefix + "_",
		EnvironFunc: os.Environ,
		TransformFunc: func(name, value string) (string, any) {
			key := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, prefix+"_")), "__", ".")
			origin[key] = name
			return key, variable(value)
		},
	})
	if err := k.Load(vars, nil); err != nil {
		return fmt.Errorf("reading the environment: %w", err)
	}
	var faults []error
	known := Keys(cfg)
	for _, key := range slices.Sorted(maps.Keys(origin)) {
		if !isKnown(known, key) {
			faults = append(faults, fmt.Errorf("%s: unknown key %q%s", origin[key], key, suggestion(known, key)))
			k.Delete(key)
		}
	}
	if err := k.UnmarshalWithConf("", cfg, koanf.UnmarshalConf{DecoderConfig: decoder(cfg)}); err != nil {
		faults = append(faults, decodeFaults(err, origin)...)
	}
	// What could not be read keeps its default, so the rules are worth asking all the same.
	if v, ok := cfg.(Validator); ok {
		if err := v.Validate(); err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func decoder(into any) *mapstructure.DecoderConfig {
	return &mapstructure.DecoderConfig{Result: into, TagName: "koanf", DecodeHook: convert}
}

// decodeFaults takes mapstructure's list apart, so that every fault has a line of its own, with the file or variable
// that it stands in.
func decodeFaults(err error, origin map[string]string) []error {
	faults := []error{err}
	if list, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok {
		faults = list.Unwrap()
	}
	for i, fault := range faults {
		if at, ok := errors.AsType[*mapstructure.DecodeError](fault); ok && origin[at.Name()] != "" {
			faults[i] = fmt.Errorf("%s: %s: %w", origin[at.Name()], at.Name(), at.Unwrap())
		}
	}
	return faults
}

// Keys lists every key of a settings struct, as paths with dots.
func Keys(cfg any) []string {
	var keys []string
	collect(reflect.TypeOf(cfg), "", &keys)
	slices.Sort(keys)
	return keys
}

func collect(t reflect.Type, prefix string, keys *[]string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for f := range fields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("koanf"), ",")
		switch {
		case !f.IsExported() || name == "-":
		case f.Anonymous && name == "":
			collect(f.Type, prefix, keys)
		default:
			if name == "" {
				name = strings.ToLower(f.Name)
			}
			before := len(*keys)
			collect(f.Type, prefix+name+".", keys)
			switch {
			case f.Type.Kind() == reflect.Map:
				*keys = append(*keys, prefix+name+".*")
			case len(*keys) == before:
				*keys = append(*keys, prefix+name)
			}
		}
	}
}

func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func isKnown(known []string, key string) bool {
	return slices.ContainsFunc(known, func(k string) bool {
		if m, ok := strings.CutSuffix(k, "*"); ok {
			return strings.HasPrefix(key, m)
		}
		return k == key
	})
}

// suggestion names the known key that is one slip away, if there is just one.
func suggestion(known []string, key string) string {
	var near []string
	for _, k := range known {
		if distance(k, key) <= 2 || strings.HasSuffix(k, "."+key) {
			near = append(near, k)
		}
	}
	if len(near) != 1 {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near[0])
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
