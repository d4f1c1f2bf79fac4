package events_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/frontdesk/frontdesk/pkg/events"
)

// messages are all of the contract, by their descriptors.
func messages() []protoreflect.MessageDescriptor {
	var out []protoreflect.MessageDescriptor
	var walk func(protoreflect.MessageDescriptor)
	walk = func(md protoreflect.MessageDescriptor) {
		if slices.Contains(out, md) || !strings.HasPrefix(string(md.FullName()), "frontdesk.") || md.IsMapEntry() {
			return
		}
		out = append(out, md)
		for i := range md.Fields().Len() {
			if m := md.Fields().Get(i).Message(); m != nil {
				walk(m)
			}
		}
	}
	walk((&events.CallEvent{}).ProtoReflect().Descriptor())
	return out
}

// filler sets every field of a message that isn't set, and of a oneof none beside the one that is.
type filler struct {
	// text is what a string, or the bytes of it, become; "" leaves the field alone.
	text func(fd protoreflect.FieldDescriptor) string
}

func (f filler) fill(m protoreflect.Message) {
	for i := range m.Descriptor().Fields().Len() {
		fd := m.Descriptor().Fields().Get(i)
		if one := fd.ContainingOneof(); one != nil && m.WhichOneof(one) != nil && m.WhichOneof(one) != fd {
			continue
		}
		f.field(m, fd)
	}
}

func (f filler) field(m protoreflect.Message, fd protoreflect.FieldDescriptor) {
	has := m.Has(fd)
	switch {
	case fd.IsMap():
		if !has {
			m.Mutable(fd).Map().Set(protoreflect.ValueOfString("key").MapKey(), protoreflect.ValueOfString(f.text(fd)))
		}
	case fd.IsList() && fd.Message() != nil:
		list := m.Mutable(fd).List()
		if !has {
			list.AppendMutable()
		}
		for i := range list.Len() {
			f.fill(list.Get(i).Message())
		}
	case fd.IsList():
		if !has {
			m.Mutable(fd).List().Append(f.scalar(fd))
		}
	case fd.Message() != nil:
		switch v := m.Mutable(fd).Message().Interface().(type) {
		case *timestamppb.Timestamp:
			if !has {
				proto.Merge(v, stamp())
			}
		case *durationpb.Duration:
			if !has {
				proto.Merge(v, &durationpb.Duration{Seconds: 42})
			}
		default:
			f.fill(v.ProtoReflect())
		}
	case !has:
		m.Set(fd, f.scalar(fd))
	}
}

func (f filler) scalar(fd protoreflect.FieldDescriptor) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(f.text(fd))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(f.text(fd)))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(1)
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(0.5)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(2)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(3)
	case protoreflect.Int64Kind:
		if fd.Name() == "end_ms" {
			return protoreflect.ValueOfInt64(50_000)
		}
		return protoreflect.ValueOfInt64(1_000)
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(4)
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(5)
	default:
		panic(fmt.Sprintf("no sample of a %s (%s)", fd.Kind(), fd.FullName()))
	}
}

// plausible is text that the rules accept.
func plausible(fd protoreflect.FieldDescriptor) string {
	switch fd.Name() {
	case "from", "forwarded_from", "to":
		return "+14155550123"
	case "payer":
		return "central"
	}
	return "a " + strings.ReplaceAll(string(fd.Name()), "_", " ")
}

// fullBodies are the samples with every field that they leave out, by the names of their golden files.
func fullBodies() map[string]proto.Message {
	out := map[string]proto.Message{}
	add := func(name string, m proto.Message) {
		m = proto.Clone(m)
		filler{plausible}.fill(m.ProtoReflect())
		out[name] = m
	}
	for _, m := range bodies() {
		add(call.Event(at, m).Kind().String()+".full", m)
	}
	add("call_record_unavailable.full", &events.CallRecord{Decision: &events.CallRecord_Unavailable{Unavailable: unavailable()}})
	return out
}

func TestSamplesFillEveryField(t *testing.T) {
	set := map[protoreflect.FullName]bool{}
	var walk func(protoreflect.Message)
	walk = func(m protoreflect.Message) {
		m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			set[fd.FullName()] = true
			switch {
			case fd.IsMap() || fd.Message() == nil:
			case fd.IsList():
				for i := range v.List().Len() {
					walk(v.List().Get(i).Message())
				}
			default:
				walk(v.Message())
			}
			return true
		})
	}
	for _, m := range fullBodies() {
		e := call.Event(at, m)
		walk(e.ProtoReflect())
		walk(sealed(e).ProtoReflect())
	}
	for _, md := range messages() {
		for i := range md.Fields().Len() {
			if fd := md.Fields().Get(i); !set[fd.FullName()] {
				t.Errorf("no sample fills %s", fd.FullName())
			}
		}
	}
}
