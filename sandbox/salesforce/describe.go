package salesforce

import (
	"net/http"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/schema"
)

func (c *call) globalDescribe() reply {
	objects := c.t.Schema.Objects()
	list := make([]any, 0, len(objects))
	for _, o := range objects {
		list = append(list, c.summary(o))
	}
	return reply{status: http.StatusOK, body: map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list}}
}

// summary is an object as the list of all shows it.
func (c *call) summary(o *schema.Object) map[string]any {
	base := c.base() + "/sobjects/" + o.Name
	urls := map[string]string{"sobject": base, "describe": base + "/describe", "rowTemplate": base + "/{ID}"}
	stored := !o.Event && !o.Fixed
	return map[string]any{
		"name": o.Name, "label": o.Label, "labelPlural": o.Plural, "keyPrefix": o.Prefix, "custom": o.Custom(), "urls": urls,
		"createable": (stored || o.Event) && o.Name != "ContentDocument", "updateable": stored, "deletable": stored && o.Name != "ContentVersion",
		"undeletable": false, "mergeable": false, "queryable": !o.Event, "retrieveable": !o.Event, "searchable": o.Searchable,
		"layoutable": stored, "activateable": false, "replicateable": stored, "triggerable": stored || o.Event,
		"feedEnabled": false, "hasSubtypes": false, "isSubtype": false, "mruEnabled": false, "customSetting": false,
		"deprecatedAndHidden": false, "deepCloneable": false, "isInterface": false,
	}
}

// describe is an object with the fields that the user sees.
func (c *call) describe(o *schema.Object) map[string]any {
	out := c.summary(o)
	fields := []any{}
	for _, f := range o.Fields {
		if c.user.Sees(o, f) {
			fields = append(fields, c.describeField(o, f))
		}
	}
	children := make([]any, 0, len(o.Children))
	for _, ch := range o.Children {
		children = append(children, map[string]any{
			"childSObject": ch.Object, "field": ch.Field, "relationshipName": ch.Relationship, "cascadeDelete": ch.Object == "Task",
			"deprecatedAndHidden": false, "restrictedDelete": false, "junctionIdListNames": []any{}, "junctionReferenceTo": []any{},
		})
	}
	out["fields"], out["childRelationships"] = fields, children
	out["recordTypeInfos"], out["supportedScopes"], out["namedLayoutInfos"] = []any{}, []any{}, []any{}
	return out
}

func (c *call) describeField(o *schema.Object, f *schema.Field) map[string]any {
	editable := c.user.Edits(o, f) && !f.ReadOnly && f.Type != schema.ID && !o.Fixed
	boolean := f.Type == schema.Boolean
	out := map[string]any{
		"name": f.Name, "label": f.Label, "type": f.Type, "soapType": soapType(f), "custom": f.Custom,
		"length": f.Length, "byteLength": 3 * f.Length, "precision": 0, "scale": f.Scale, "digits": 0,
		"nillable":   !f.Required && !boolean && f.Type != schema.ID && !stampField(f),
		"createable": editable, "updateable": editable && !f.CreateOnly && !o.Event,
		"externalId": f.ExternalID, "unique": f.Unique, "caseSensitive": false, "idLookup": f.Type == schema.ID || f.IDLookup || f.ExternalID,
		"filterable": !f.Long() && !o.Event, "sortable": !f.Long() && !o.Event, "groupable": !f.Long() && !f.Number() && f.Type != schema.DateTime && !o.Event,
		"aggregatable": !f.Long() && !boolean && !o.Event, "permissionable": f.Custom && !f.Required,
		"defaultValue": f.Default, "defaultedOnCreate": f.Default != nil || f.ReadOnly || f.Name == "OwnerId", "defaultValueFormula": nil,
		"picklistValues": pickValues(f), "restrictedPicklist": f.Restricted, "dependentPicklist": false,
		"referenceTo": nonNil(f.ReferenceTo), "relationshipName": orNil(f.Relationship), "relationshipOrder": nil, "cascadeDelete": false,
		"nameField": f.NameField, "namePointing": len(f.ReferenceTo) > 1, "polymorphicForeignKey": len(f.ReferenceTo) > 1,
		"autoNumber": f.AutoNumber, "calculated": false, "calculatedFormula": nil, "compoundFieldName": nil, "controllerName": nil,
		"deprecatedAndHidden": false, "htmlFormatted": false, "inlineHelpText": nil, "extraTypeInfo": nil, "encrypted": false,
		"searchPrefilterable": false, "queryByDistance": false, "mask": nil, "maskType": nil, "restrictedDelete": false,
		"writeRequiresMasterRead": false, "displayLocationInDecimal": false, "highScaleNumber": false, "aiPredictionField": false,
	}
	switch {
	case f.Type == schema.Int:
		out["digits"] = f.Precision
	case f.Number():
		out["precision"] = f.Precision
	}
	if f.Type == schema.TextArea {
		out["extraTypeInfo"] = "plaintextarea"
	}
	return out
}

func stampField(f *schema.Field) bool {
	switch f.Name {
	case "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "OwnerId":
		return true
	default:
		return false
	}
}

func soapType(f *schema.Field) string {
	switch f.Type {
	case schema.ID, schema.Reference:
		return "tns:ID"
	case schema.Boolean:
		return "xsd:boolean"
	case schema.Int:
		return "xsd:int"
	case schema.Double, schema.Currency:
		return "xsd:double"
	case schema.Date:
		return "xsd:date"
	case schema.DateTime:
		return "xsd:dateTime"
	case schema.Base64:
		return "xsd:base64Binary"
	default:
		return "xsd:string"
	}
}

func pickValues(f *schema.Field) []any {
	list := make([]any, 0, len(f.Values))
	for _, v := range f.Values {
		list = append(list, map[string]any{"active": true, "defaultValue": v == f.Default, "label": v, "validFor": nil, "value": v})
	}
	return list
}

func nonNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
