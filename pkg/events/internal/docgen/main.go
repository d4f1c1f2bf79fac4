// Command docgen writes docs/events.md from the contract: it reads the descriptor set, with comments, on
// standard input (buf build -o -) and takes topics and groups from the package itself.
//
//	buf build -o - | go run ./internal/docgen > ../../docs/events.md
package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

//go:embed intro.md
var intro string

//go:embed shapes.md
var shapes string

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	b, err := io.ReadAll(in)
	if err != nil {
		return fmt.Errorf("reading the descriptor set: %w", err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(b, set); err != nil {
		return fmt.Errorf("decoding the descriptor set (pipe `buf build -o -` into this): %w", err)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return fmt.Errorf("linking the descriptor set: %w", err)
	}
	w := bufio.NewWriter(out)
	fmt.Fprint(w, intro)
	topics(w)
	groups(w)
	lookups(w)
	fmt.Fprintf(w, "\n%s", shapes)
	fmt.Fprint(w, "\n## Messages\n\nA field marked **personal** or **secret** never reaches a log, a trace, a metric or a header; a field marked\n**redacted** holds placeholders in place of personal data.\n")
	for _, name := range []string{"envelope", "call", "media", "transcript", "insight", "record", "usage", "state"} {
		fd, err := files.FindFileByPath("frontdesk/events/v1/" + name + ".proto")
		if err != nil {
			return fmt.Errorf("looking for %s.proto: %w", name, err)
		}
		file(w, fd)
	}
	return w.Flush() //nolint:wrapcheck // standard output
}

func topics(w io.Writer) {
	fmt.Fprint(w, "\n## Topics\n\n| topic | written by | key | holds | kept |\n|---|---|---|---|---|\n")
	for _, t := range events.Topics() {
		kinds := make([]string, len(t.Kinds))
		for i, k := range t.Kinds {
			kinds[i] = "`" + k.String() + "`"
		}
		holds := strings.Join(kinds, ", ")
		if holds == "" {
			holds = t.Doc
		}
		owner := t.Owner
		if t.Reserved {
			owner = "nobody yet (reserved for " + t.Owner + ")"
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s | %s |\n", t.Name, owner, t.Key, holds, kept(t))
	}
}

func kept(t events.Topic) string {
	days := fmt.Sprintf("%d days", int(t.Retention/(24*time.Hour)))
	if t.Retention == 24*time.Hour {
		days = "24 h"
	}
	if t.Compacted {
		return "compacted, " + days
	}
	return days
}

func groups(w io.Writer) {
	fmt.Fprint(w, "\n## Readers\n\n| consumer group | reads | parks in |\n|---|---|---|\n")
	for _, g := range events.Groups() {
		var reads, parks []string
		for _, t := range g.Topics {
			reads = append(reads, "`"+t.Name+"`")
			parks = append(parks, "`"+t.Retry(g.Name).Name+"`")
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", g.Name, strings.Join(reads, ", "), strings.Join(parks, ", "))
	}
}

func lookups(w io.Writer) {
	fmt.Fprint(w, "\nSome read a partition's past without a group, by time or offset; they commit nothing and park nothing.\n\n"+
		"| service | looks up in | what |\n|---|---|---|\n")
	for _, l := range events.Lookups() {
		fmt.Fprintf(w, "| `%s` | `%s` | %s |\n", l.Service, l.Topic.Name, l.Why)
	}
}

func file(w io.Writer, fd protoreflect.FileDescriptor) {
	for i := range fd.Messages().Len() {
		message(w, fd.Messages().Get(i))
	}
	for i := range fd.Enums().Len() {
		enum(w, fd.Enums().Get(i))
	}
}

func message(w io.Writer, md protoreflect.MessageDescriptor) {
	fmt.Fprintf(w, "\n### %s\n\n%s\n\n| # | field | type | meaning |\n|---|---|---|---|\n", md.Name(), comment(md))
	for i := range md.Fields().Len() {
		f := md.Fields().Get(i)
		fmt.Fprintf(w, "| %d | `%s` | %s | %s%s |\n", f.Number(), f.Name(), typeOf(f), mark(f), cell(comment(f)))
	}
}

func enum(w io.Writer, ed protoreflect.EnumDescriptor) {
	fmt.Fprintf(w, "\n### %s\n\n%s\n\n| # | value | meaning |\n|---|---|---|\n", ed.Name(), comment(ed))
	for i := range ed.Values().Len() {
		v := ed.Values().Get(i)
		fmt.Fprintf(w, "| %d | `%s` | %s |\n", v.Number(), v.Name(), cell(comment(v)))
	}
}

func typeOf(f protoreflect.FieldDescriptor) string {
	name := f.Kind().String()
	switch {
	case f.IsMap():
		return fmt.Sprintf("map<%s, %s>", f.MapKey().Kind(), f.MapValue().Kind())
	case f.Message() != nil:
		name = string(f.Message().Name())
	case f.Enum() != nil:
		name = string(f.Enum().Name())
	}
	if f.IsList() {
		return "repeated " + name
	}
	return name
}

func mark(f protoreflect.FieldDescriptor) string {
	// The descriptor set is parsed without our extension linked in: the options are read again through the
	// generated type.
	opts, err := proto.Marshal(f.Options())
	if err != nil {
		return ""
	}
	o := &descriptorpb.FieldOptions{}
	if err := proto.Unmarshal(opts, o); err != nil {
		return ""
	}
	switch p, _ := proto.GetExtension(o, events.E_Privacy).(events.Privacy); p {
	case events.Privacy_PRIVACY_PERSONAL:
		return "**personal** "
	case events.Privacy_PRIVACY_SECRET:
		return "**secret** "
	case events.Privacy_PRIVACY_REDACTED:
		return "**redacted** "
	default:
		return ""
	}
}

func comment(d protoreflect.Descriptor) string {
	c := d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments
	return strings.TrimSpace(strings.ReplaceAll(c, "\n ", "\n"))
}

func cell(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\n", " "), "|", "\\|")
}
