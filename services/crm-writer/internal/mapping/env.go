package mapping

import (
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/frontdesk/frontdesk/services/crm-writer/internal/crm"
)

// language is CEL with the objects and functions of this package.
type language struct {
	env     *cel.Env
	objects map[string]*objectType // by variable
}

func newLanguage() (*language, error) {
	l := &language{objects: map[string]*objectType{}}
	base, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("preparing CEL: %w", err)
	}
	p := provider{Provider: base, objects: map[string]*objectType{}}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(p), cel.CustomTypeAdapter(base),
		cel.CrossTypeNumericComparisons(true), // intent.confidence > 1, with either kind of number
		ext.Strings(),
	}
	for _, o := range Objects() {
		t := newObjectType(o)
		t.at = len(l.objects)
		p.objects[t.typ.TypeName()], l.objects[o.Name] = t, t
		options = append(options, cel.Variable(o.Name, t.typ))
	}
	for _, f := range l.functions() {
		options = append(options, f.option)
	}
	if l.env, err = cel.NewEnv(options...); err != nil {
		return nil, fmt.Errorf("preparing CEL: %w", err)
	}
	return l, nil
}

// Function is one that expressions may call beside CEL's own and its strings library's.
type Function struct {
	// Usage as an expression writes it.
	Usage string
	// Doc is one sentence for docs/mapping.md.
	Doc    string
	option cel.EnvOption
}

// Functions is every function of ours.
func Functions() []Function {
	l := &language{objects: map[string]*objectType{}}
	for _, o := range Objects() {
		l.objects[o.Name] = newObjectType(o)
	}
	return l.functions()
}

func (l *language) functions() []Function {
	insight, tenants := l.objects["insight"].typ, l.objects["tenant"].typ
	return []Function{
		{
			"insight.detail('order_number')", "a value that the caller gave, by its name in the catalogue; \"\" if none",
			member("detail", insight, []*cel.Type{cel.StringType}, cel.StringType, func(v *view, args []ref.Val) ref.Val {
				return types.String(v.detail(string(args[0].(types.String))))
			}),
		},
		{
			"insight.detail_confidence('order_number')", "how sure that value is, 0 to 1; 0 if there is none",
			member("detail_confidence", insight, []*cel.Type{cel.StringType}, cel.DoubleType, func(v *view, args []ref.Val) ref.Val {
				d := v.details(string(args[0].(types.String)))
				return types.Double(share(d.GetConfidence()).(float64))
			}),
		},
		{
			"insight.for_people(insight.summary)", "text of the model's for people who work with the caller's record: what the caller gave of himself in place of its placeholder, the other placeholders in words",
			member("for_people", insight, []*cel.Type{cel.StringType}, cel.StringType, func(v *view, args []ref.Val) ref.Val {
				return types.String(v.forPeople(string(args[0].(types.String))))
			}),
		},
		{
			"tenant.date(call.started)", "the day of a moment in the tenant's time zone, as 2026-11-24",
			member("date", tenants, []*cel.Type{cel.TimestampType}, cel.StringType, func(v *view, args []ref.Val) ref.Val {
				return types.String(args[0].(types.Timestamp).In(v.tenant.Location()).Format(time.DateOnly))
			}),
		},
		{
			"tenant.business_day(call.started, 2)", "the day so many of the tenant's business days after a moment, as 2026-11-24",
			member("business_day", tenants, []*cel.Type{cel.TimestampType, cel.IntType}, cel.StringType, func(v *view, args []ref.Val) ref.Val {
				at, n := args[0].(types.Timestamp), args[1].(types.Int)
				if n < 0 || n > 3650 {
					return types.NewErr("business_day: %d days", n)
				}
				return types.String(v.tenant.AddBusinessDays(at.Time, int(n)).Format(time.DateOnly))
			}),
		},
		{
			"clip(insight.summary, 255)", "text of at most so many characters, cut at a word",
			cel.Function("clip", cel.Overload("clip_string_int", []*cel.Type{cel.StringType, cel.IntType}, cel.StringType,
				cel.BinaryBinding(func(s, n ref.Val) ref.Val {
					return types.String(crm.Cut(string(s.(types.String)), int(n.(types.Int))))
				}))),
		},
		{
			"sentence(insight.summary)", "the first sentence, without its full stop",
			unary("sentence", cel.StringType, cel.StringType, func(s ref.Val) ref.Val {
				return types.String(sentence(string(s.(types.String))))
			}),
		},
		{
			"words(intent.name)", "a label as words: BookDemo becomes Book demo",
			unary("words", cel.StringType, cel.StringType, func(s ref.Val) ref.Val {
				return types.String(words(string(s.(types.String))))
			}),
		},
		{
			"lines([insight.summary, next.reason])", "the texts that are not empty, each on a line of its own",
			unary("lines", cel.ListType(cel.StringType), cel.StringType, joinLines),
		},
		{
			"prefixed('Order: ', insight.detail('order_number'))", "both texts joined, or \"\" if the second is empty",
			cel.Function("prefixed", cel.Overload("prefixed_string_string", []*cel.Type{cel.StringType, cel.StringType}, cel.StringType,
				cel.BinaryBinding(func(prefix, s ref.Val) ref.Val {
					if s.(types.String) == "" {
						return types.String("")
					}
					return prefix.(types.String) + s.(types.String)
				}))),
		},
	}
}

// member declares a function of an object.
func member(name string, of *cel.Type, args []*cel.Type, result *cel.Type, fn func(*view, []ref.Val) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.MemberOverload(of.TypeName()+"_"+name, append([]*cel.Type{of}, args...), result,
		cel.FunctionBinding(func(all ...ref.Val) ref.Val {
			v, ok := all[0].(*value)
			if !ok {
				return types.MaybeNoSuchOverloadErr(all[0])
			}
			return fn(v.view, all[1:])
		})))
}

func unary(name string, arg, result *cel.Type, fn func(ref.Val) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_"+strings.ReplaceAll(arg.TypeName(), ".", "_"), []*cel.Type{arg}, result, cel.UnaryBinding(fn)))
}

func joinLines(list ref.Val) ref.Val {
	native, err := list.ConvertToNative(stringsType)
	if err != nil {
		return types.NewErr("lines: %v", err)
	}
	var full []string
	for _, s := range native.([]string) {
		if s != "" {
			full = append(full, s)
		}
	}
	return types.String(strings.Join(full, "\n"))
}

// getter is how to read what an expression names, if it is nothing but the field of an object.
func (l *language) getter(ast *cel.Ast) func(*view) any {
	e := ast.NativeRep().Expr()
	if e.Kind() != celast.SelectKind || e.AsSelect().IsTestOnly() || e.AsSelect().Operand().Kind() != celast.IdentKind {
		return nil
	}
	o := l.objects[e.AsSelect().Operand().AsIdent()]
	if o == nil {
		return nil
	}
	for _, f := range o.of.Fields {
		if f.Name == e.AsSelect().FieldName() {
			return f.get
		}
	}
	return nil
}

// scope is what one evaluation can see: the objects, and the file's own definitions. Each expression is evaluated
// at most once and only if somebody asks.
type scope struct {
	m    *Mapping
	view *view
	// results by expression.
	results []result
	// objects by their place in the language.
	objects []value
	// used is room for the rules that came to something.
	used []*field
}

func newScope(m *Mapping, v *view) *scope {
	s := &scope{m: m, view: v, results: make([]result, len(m.expressions)), objects: make([]value, len(m.lang.objects))}
	for _, o := range m.lang.objects {
		s.objects[o.at] = value{o.typ, v}
	}
	return s
}

// result is what an expression came to: as CEL has it, once CEL was asked, and as a field has it, once a field was.
type result struct {
	asked, plain bool
	value        ref.Val
	field        any
	err, refused error
}

// cel evaluates an expression.
func (s *scope) cel(x *expression) (ref.Val, error) {
	r := &s.results[x.index]
	if !r.asked {
		r.asked = true
		r.value, _, r.err = x.Eval(s)
	}
	return r.value, r.err
}

// plain evaluates an expression for a field. A moment stays one.
func (s *scope) plain(x *expression) (any, error) {
	r := &s.results[x.index]
	if r.plain {
		return r.field, r.refused
	}
	r.plain = true
	if x.get != nil {
		r.field, r.refused = plainField(x.get(s.view))
		return r.field, r.refused
	}
	out, err := s.cel(x)
	if err != nil {
		r.refused = err
		return nil, err
	}
	r.field, r.refused = plainValue(out)
	return r.field, r.refused
}

// ResolveName implements CEL's activation.
func (s *scope) ResolveName(name string) (any, bool) {
	if o := s.m.lang.objects[name]; o != nil {
		return &s.objects[o.at], true
	}
	i, ok := s.m.defines[name]
	if !ok {
		return nil, false
	}
	out, err := s.cel(s.m.expressions[i])
	if err != nil {
		return types.WrapErr(err), true
	}
	return out, true
}

// Parent implements CEL's activation: there is none.
func (s *scope) Parent() cel.Activation { return nil }
