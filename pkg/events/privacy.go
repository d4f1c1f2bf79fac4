package events

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// PrivacyOf is the mark of a field; PRIVACY_UNSPECIFIED if it has none.
func PrivacyOf(fd protoreflect.FieldDescriptor) Privacy {
	opts, ok := fd.Options().(*descriptorpb.FieldOptions)
	if !ok || !proto.HasExtension(opts, E_Privacy) {
		return Privacy_PRIVACY_UNSPECIFIED
	}
	p, _ := proto.GetExtension(opts, E_Privacy).(Privacy)
	return p
}

// Masked returns a copy of m, an event or a body on its own, in which every field marked personal or secret is
// replaced: strings by a mask of the same meaning, everything else cleared. Fields that this version doesn't know
// are dropped: nobody can tell what they hold. For showing an event to a person who may not see the caller.
func Masked[M proto.Message](m M) M {
	c, ok := proto.Clone(m).(M)
	if !ok {
		panic("events: a clone has its original's type")
	}
	mask(c.ProtoReflect())
	return c
}

const masked = "***"

func mask(m protoreflect.Message) {
	m.SetUnknown(nil)
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch p := PrivacyOf(fd); {
		case p == Privacy_PRIVACY_PERSONAL || p == Privacy_PRIVACY_SECRET:
			if fd.Kind() == protoreflect.StringKind && fd.Cardinality() != protoreflect.Repeated {
				m.Set(fd, protoreflect.ValueOfString(masked))
			} else {
				m.Clear(fd)
			}
		case fd.IsMap():
			if fd.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					mask(v.Message())
					return true
				})
			}
		case fd.IsList():
			for i := 0; fd.Message() != nil && i < v.List().Len(); i++ {
				mask(v.List().Get(i).Message())
			}
		case fd.Message() != nil:
			mask(v.Message())
		}
		return true
	})
}
