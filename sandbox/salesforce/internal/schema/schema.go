// Package schema is what an org's describe knows: objects, fields, types, lengths, picklists, references.
// Standard objects hold the fields that a call touches, with the vendor's lengths and rules (Object Reference
// for Salesforce and Lightning Platform); the package's custom fields and events are in package.go.
package schema

import (
	"cmp"
	"slices"
	"strings"
)

// Type is a field's type as describe names it.
type Type string

// The types that occur.
const (
	ID        Type = "id"
	String    Type = "string"
	TextArea  Type = "textarea"
	Phone     Type = "phone"
	Email     Type = "email"
	URL       Type = "url"
	Picklist  Type = "picklist"
	Combobox  Type = "combobox"
	Boolean   Type = "boolean"
	Int       Type = "int"
	Double    Type = "double"
	Currency  Type = "currency"
	Date      Type = "date"
	DateTime  Type = "datetime"
	Reference Type = "reference"
	Base64    Type = "base64"
)

// Field of an object.
type Field struct {
	Name  string
	Label string
	Type  Type
	// Length in characters of text types; 0 elsewhere.
	Length int
	// Precision and Scale of numbers; Precision is the digits in all.
	Precision, Scale int
	// Required fields may not be null, neither at insert nor at update.
	Required bool
	// Default is put in at insert where the field is left out.
	Default any
	// ReadOnly fields are the system's: neither createable nor updateable.
	ReadOnly bool
	// CreateOnly fields can be set at insert and never again.
	CreateOnly bool
	// ExternalID fields can address an upsert; Unique ones (case-insensitive) hold a value once.
	ExternalID, Unique bool
	// IDLookup fields are indexed by the vendor beside external ids.
	IDLookup bool
	// Custom fields end in __c.
	Custom bool
	// Values of a picklist, the default first unless Default says otherwise; Restricted ones admit no others.
	Values     []string
	Restricted bool
	// ReferenceTo are the objects that a reference may point to; Relationship is its name in SOQL.
	ReferenceTo  []string
	Relationship string
	// NameField is the record's name.
	NameField bool
	// Required by the system rather than the user: defaulted on create.
	AutoNumber bool
}

// Long tells whether the field is a long text area, which can't be filtered, sorted or grouped.
func (f *Field) Long() bool { return f.Type == TextArea && f.Length > 255 || f.Type == Base64 }

// Indexed tells whether equality on the field is looked up rather than scanned.
func (f *Field) Indexed() bool {
	return f.ExternalID || f.Unique || f.IDLookup || f.Type == Reference && !f.ReadOnly && f.Name != "OwnerId"
}

// Text tells whether the field's values are strings without further form.
func (f *Field) Text() bool {
	switch f.Type {
	case String, TextArea, Phone, Email, URL, Picklist, Combobox:
		return true
	default:
		return false
	}
}

// Number tells whether the field's values are numbers.
func (f *Field) Number() bool { return f.Type == Int || f.Type == Double || f.Type == Currency }

// Child is a relationship seen from the parent.
type Child struct {
	Object, Field, Relationship string
}

// Object of an org.
type Object struct {
	Name, Label, Plural string
	// Prefix is the first three characters of its records' ids.
	Prefix string
	Fields []*Field
	// Event objects are platform events: published, never stored.
	Event bool
	// Fixed objects can't be created, updated or deleted through the API.
	Fixed bool
	// Searchable objects are found by SOSL.
	Searchable bool
	// Children are filled by [New].
	Children []Child

	byName map[string]*Field
	byRel  map[string]*Field
}

// Custom tells whether the object is not the vendor's.
func (o *Object) Custom() bool {
	return strings.HasSuffix(o.Name, "__c") || strings.HasSuffix(o.Name, "__e")
}

// Field returns a field by its API name, in any case; nil if there is none.
func (o *Object) Field(name string) *Field {
	if f := o.byName[name]; f != nil {
		return f
	}
	return o.byName[strings.ToLower(name)]
}

// Relation returns the reference field of a relationship name, in any case; nil if there is none.
func (o *Object) Relation(name string) *Field { return o.byRel[strings.ToLower(name)] }

// Child returns a child relationship by name, in any case.
func (o *Object) Child(relationship string) (Child, bool) {
	for _, c := range o.Children {
		if strings.EqualFold(c.Relationship, relationship) {
			return c, true
		}
	}
	return Child{}, false
}

// Schema of one org. Immutable; safe for concurrent use.
type Schema struct {
	objects  map[string]*Object
	byPrefix map[string]*Object
	names    []string
}

// Object returns an object by its API name, in any case; nil if there is none.
func (s *Schema) Object(name string) *Object {
	if o := s.objects[name]; o != nil {
		return o
	}
	return s.objects[strings.ToLower(name)]
}

// OfID returns the object that a record id's prefix names; nil if there is none.
func (s *Schema) OfID(id string) *Object {
	if len(id) < 3 {
		return nil
	}
	return s.byPrefix[id[:3]]
}

// Objects returns all objects by name.
func (s *Schema) Objects() []*Object {
	all := make([]*Object, len(s.names))
	for i, n := range s.names {
		all[i] = s.objects[n]
	}
	return all
}

// Options of an org's schema.
type Options struct {
	// Intents and Dispositions are the two global value sets.
	Intents, Dispositions []string
	// NoPackage leaves out every custom field and event, as in an org where nobody installed it.
	NoPackage bool
}

// New makes an org's schema.
func New(o Options) *Schema {
	s := &Schema{objects: map[string]*Object{}, byPrefix: map[string]*Object{}}
	objects := slices.Concat(people(), service(), files(), system())
	if !o.NoPackage {
		addPackageFields(objects, o)
		objects = append(objects, events()...)
	}
	for _, obj := range objects {
		s.add(obj)
	}
	for _, obj := range objects {
		s.linkChildren(obj)
	}
	slices.Sort(s.names)
	return s
}

func (s *Schema) add(o *Object) {
	o.byName, o.byRel = map[string]*Field{}, map[string]*Field{}
	for _, f := range o.Fields {
		o.byName[f.Name], o.byName[strings.ToLower(f.Name)] = f, f
		if f.Relationship != "" {
			o.byRel[strings.ToLower(f.Relationship)] = f
		}
	}
	s.objects[o.Name], s.objects[strings.ToLower(o.Name)] = o, o
	s.byPrefix[o.Prefix] = o
	s.names = append(s.names, o.Name)
}

// linkChildren names the relationships that subqueries use.
func (s *Schema) linkChildren(o *Object) {
	for _, f := range o.Fields {
		name := childName(o, f)
		if name == "" {
			continue
		}
		for _, to := range f.ReferenceTo {
			if p := s.objects[to]; p != nil {
				p.Children = append(p.Children, Child{o.Name, f.Name, name})
				slices.SortFunc(p.Children, func(a, b Child) int { return cmp.Compare(a.Relationship, b.Relationship) })
			}
		}
	}
}

func childName(o *Object, f *Field) string {
	switch o.Name + "." + f.Name {
	case "Contact.AccountId", "Case.ContactId", "Case.AccountId", "Task.WhoId", "Task.WhatId":
		return o.Plural
	case "ContentDocumentLink.LinkedEntityId", "ContentDocumentLink.ContentDocumentId":
		return "ContentDocumentLinks"
	case "ContentVersion.ContentDocumentId":
		return "ContentVersions"
	default:
		return ""
	}
}
