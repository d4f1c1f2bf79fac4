package orgcheck

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/frontdesk/frontdesk/pkg/servicekit/check"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm/salesforce"
	"github.com/frontdesk/frontdesk/services/crm-writer/internal/mapping"
	sf "github.com/frontdesk/frontdesk/services/crm-writer/internal/salesforce"
)

// install is what mends most of what is missing.
const install = "Install or update the Salesforce package and give the integration user its permission set; or take the field out of the mapping."

// records describes every object that the mapping writes or looks in, and compares it with what the mapping needs.
func (c *checker) records(ctx context.Context) {
	needs := map[string][]mapping.Need{}
	for _, n := range c.Mapping.Needs() {
		if n.Object != "" {
			needs[n.Object] = append(needs[n.Object], n)
		}
	}
	finds := c.Mapping.Finds()
	for _, object := range finds {
		if needs[object] == nil {
			needs[object] = []mapping.Need{}
		}
	}
	before, fields := len(c.found), 0
	for _, object := range slices.Sorted(maps.Keys(needs)) {
		d, err := c.client.Describe(ctx, object)
		switch {
		case isAbsent(err):
			c.fault("object_missing", object, fmt.Sprintf("The org has no object %s, or the integration user may not see it.", object),
				"Give the user the permission to read it; or take it out of the mapping.")
			continue
		case err != nil:
			c.unasked(object, "The object "+object, err)
			continue
		}
		o := newDescribed(d)
		fields += len(needs[object])
		if slices.Contains(finds, object) {
			c.lookups(o)
		}
		c.object(o, needs[object])
	}
	if !check.Worst(c.found[before:]).Worse(check.Note) {
		c.ok("fields", "", "The %d objects and %d fields of the mapping are there, and take what it writes.", len(needs), fields)
	}
}

// described is an object with its fields by name. Salesforce's names know no case.
type described struct {
	*sf.Description
	fields map[string]*sf.FieldDescription
}

func newDescribed(d *sf.Description) described {
	o := described{d, map[string]*sf.FieldDescription{}}
	for i := range d.Fields {
		o.fields[strings.ToLower(d.Fields[i].Name)] = &d.Fields[i]
	}
	return o
}

func (o described) field(name string) *sf.FieldDescription { return o.fields[strings.ToLower(name)] }

// lookups checks what people are found by.
func (c *checker) lookups(o described) {
	for _, name := range salesforce.Looked(o.Name) {
		if o.field(name) == nil {
			c.fault("field_missing", o.Name+"."+name, fmt.Sprintf("%s has no field %s, or the integration user may not read it: nobody is found by number there.", o.Name, name), install)
		}
	}
	if c.Search && !o.Searchable {
		c.add(check.Warning, "not_searchable", o.Name, fmt.Sprintf("%s can't be searched: people whose number was typed by hand are not found there.", o.Name),
			"Allow search for the object, or set crm-writer's setting search to false.")
	}
}

func (c *checker) object(o described, needs []mapping.Need) {
	makes, changes := false, false
	for _, n := range needs {
		makes = makes || n.Always
		changes = changes || !n.Once
	}
	if c.direct() && (makes && !o.Createable || changes && !o.Updateable) {
		c.fault("object_permission", o.Name, fmt.Sprintf("The integration user may not create and edit %s.", o.Name),
			"Give it a permission set with Read, Create and Edit on the object.")
		return
	}
	for _, n := range needs {
		c.field(o, n)
	}
	if makes {
		c.required(o, needs)
	}
}

func (c *checker) field(o described, n mapping.Need) {
	name := o.Name + "." + n.Field
	f := o.field(n.Field)
	if f == nil {
		c.fault("field_missing", name, fmt.Sprintf("%s has no field %s, or the integration user may not see it: every such write fails.", o.Name, n.Field), install)
		return
	}
	c.fits(name, n, f)
	if c.direct() && (!f.Createable || !n.Once && !f.Updateable) {
		c.fault("field_permission", name, fmt.Sprintf("The integration user may see %s and not write it.", name),
			"Give it Edit on the field (field-level security) by its permission set.")
	}
	if n.Key && (!f.ExternalID || !f.Unique) {
		c.fault("key_not_unique", name, fmt.Sprintf("%s is not a unique external id: one call could make two records.", name),
			"Tick External ID and Unique on the field; the package's has both.")
	}
	c.picklist(name, n, f)
}

// fits checks type and length.
func (c *checker) fits(name string, n mapping.Need, f *sf.FieldDescription) {
	if types := typesOf(n.Kind); types != nil && !slices.Contains(types, f.Type) {
		c.fault("field_type", name, fmt.Sprintf("%s is of type %s, and the mapping writes a %s.", name, f.Type, n.Kind),
			"Change the expression in the mapping, or the field's type in the org.")
		return
	}
	if n.Kind == mapping.KindText && f.Length > 0 && n.Longest > f.Length {
		c.fault("field_short", name, fmt.Sprintf("%s takes %d characters, and the mapping writes up to %d: Salesforce refuses the whole call then.", name, f.Length, n.Longest),
			fmt.Sprintf("Lengthen the field, or write `%s: %d` under lengths in the mapping.", name, f.Length))
	}
}

// typesOf are the types of fields that take a kind of value; nil for any.
func typesOf(k mapping.Kind) []string {
	switch k {
	case mapping.KindText:
		return []string{
			"string", "textarea", "phone", "email", "url", "picklist", "multipicklist", "combobox", "reference", "id", "date", "datetime",
			"encryptedstring",
		}
	case mapping.KindNumber:
		return []string{"int", "long", "double", "currency", "percent"}
	case mapping.KindBoolean:
		return []string{"boolean"}
	case mapping.KindMoment:
		return []string{"datetime", "string", "textarea"}
	case mapping.KindReference:
		return []string{"reference", "string"}
	case mapping.KindContent:
		return []string{"base64"}
	case mapping.KindAny:
	}
	return nil
}

// picklist checks that a restricted list has every value that may be written.
func (c *checker) picklist(name string, n mapping.Need, f *sf.FieldDescription) {
	if !f.RestrictedPicklist {
		return
	}
	have := map[string]bool{}
	for _, v := range f.PicklistValues {
		have[v.Value] = have[v.Value] || v.Active
	}
	var missing []string
	for _, v := range slices.Concat(n.Values, c.labels(n)) {
		if !have[v] && !slices.Contains(missing, v) {
			missing = append(missing, v)
		}
	}
	if len(missing) > 0 {
		c.fault("picklist_value", name, fmt.Sprintf("The restricted picklist %s lacks %s: calls with such a value are refused.", name, strings.Join(missing, ", ")),
			"Add the values to the picklist or its global value set, or translate them in the mapping.")
	}
}

// labels are the names of the tenant's catalogue that a field is given, as they are written.
func (c *checker) labels(n mapping.Need) []string {
	var names []string
	switch n.Labels {
	case mapping.LabelIntents:
		for _, in := range c.Tenant.Catalogue.Intents {
			names = append(names, in.Name)
		}
	case mapping.LabelDispositions:
		for _, d := range c.Tenant.Catalogue.Dispositions {
			names = append(names, d.Name)
		}
	case mapping.LabelSources:
		names = []string{"Rule", "AI", "Agent"}
	}
	for i, name := range names {
		names[i] = n.Shown(name)
	}
	return names
}

// required looks for fields that the org wants and the mapping does not give.
func (c *checker) required(o described, needs []mapping.Need) {
	given := map[string]bool{strings.ToLower(crm.RevisionField): true}
	for _, n := range needs {
		given[strings.ToLower(n.Field)] = given[strings.ToLower(n.Field)] || n.Always
	}
	for _, f := range o.Fields {
		if !f.Nillable && f.Createable && !f.DefaultedOnCreate && f.Type != "boolean" && !given[strings.ToLower(f.Name)] {
			c.fault("field_required", o.Name+"."+f.Name, fmt.Sprintf("%s requires %s, and the mapping does not always give it.", o.Name, f.Name),
				"Write it in the mapping without a condition, give it a default in the org, or make it optional.")
		}
	}
}
