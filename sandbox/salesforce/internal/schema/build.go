package schema

import "slices"

// The builders below keep the object tables readable: one line a field.

func object(prefix, name, label, plural string, fields ...*Field) *Object {
	all := slices.Concat([]*Field{{Name: "Id", Label: name + " ID", Type: ID, Length: 18, ReadOnly: true}}, fields, []*Field{
		{Name: "IsDeleted", Label: "Deleted", Type: Boolean, ReadOnly: true, Default: false},
		stamp("CreatedDate", "Created Date"), by("CreatedById", "Created By ID", "CreatedBy"),
		stamp("LastModifiedDate", "Last Modified Date"), by("LastModifiedById", "Last Modified By ID", "LastModifiedBy"),
		stamp("SystemModstamp", "System Modstamp"),
	})
	return &Object{Name: name, Label: label, Plural: plural, Prefix: prefix, Fields: all}
}

func stamp(name, label string) *Field {
	return &Field{Name: name, Label: label, Type: DateTime, ReadOnly: true}
}

func by(name, label, rel string) *Field {
	return &Field{Name: name, Label: label, Type: Reference, Length: 18, ReadOnly: true, ReferenceTo: []string{"User"}, Relationship: rel}
}

func text(name, label string, n int) *Field {
	return &Field{Name: name, Label: label, Type: String, Length: n}
}

func area(name, label string, n int) *Field {
	return &Field{Name: name, Label: label, Type: TextArea, Length: n}
}

func phone(name, label string) *Field {
	return &Field{Name: name, Label: label, Type: Phone, Length: 40}
}
func email(name, label string) *Field {
	return &Field{Name: name, Label: label, Type: Email, Length: 80}
}
func link(name, label string) *Field { return &Field{Name: name, Label: label, Type: URL, Length: 255} }
func flag(name, label string) *Field {
	return &Field{Name: name, Label: label, Type: Boolean, Default: false}
}
func day(name, label string) *Field   { return &Field{Name: name, Label: label, Type: Date} }
func clock(name, label string) *Field { return &Field{Name: name, Label: label, Type: DateTime} }
func whole(name, label string) *Field {
	return &Field{Name: name, Label: label, Type: Int, Precision: 9}
}

func number(name, label string, precision, scale int) *Field {
	return &Field{Name: name, Label: label, Type: Double, Precision: precision, Scale: scale}
}

func pick(name, label string, values ...string) *Field {
	return &Field{Name: name, Label: label, Type: Picklist, Length: 255, Values: values}
}

func ref(name, label, rel string, to ...string) *Field {
	return &Field{Name: name, Label: label, Type: Reference, Length: 18, ReferenceTo: to, Relationship: rel}
}

func owner(to ...string) *Field { return ref("OwnerId", "Owner ID", "Owner", to...) }

func (f *Field) required() *Field     { f.Required = true; return f }
func (f *Field) readOnly() *Field     { f.ReadOnly = true; return f }
func (f *Field) createOnly() *Field   { f.CreateOnly = true; return f }
func (f *Field) name() *Field         { f.NameField = true; return f }
func (f *Field) lookup() *Field       { f.IDLookup = true; return f }
func (f *Field) def(v any) *Field     { f.Default = v; return f }
func (f *Field) restricted() *Field   { f.Restricted = true; return f }
func (f *Field) externalID() *Field   { f.ExternalID = true; return f }
func (f *Field) uniqueExtID() *Field  { f.ExternalID, f.Unique = true, true; return f }
func (f *Field) currency() *Field     { f.Type = Currency; return f }
func (f *Field) combobox() *Field     { f.Type = Combobox; return f }
func (f *Field) autoNumbered() *Field { f.AutoNumber, f.ReadOnly = true, true; return f }
func (o *Object) searchable() *Object { o.Searchable = true; return o }
func (o *Object) fixed() *Object      { o.Fixed = true; return o }
