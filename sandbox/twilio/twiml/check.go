package twiml

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// textRule says what an element's own text may be.
type textRule int

const (
	textNone textRule = iota
	textFree
	textRequired
)

// schema of one element.
type schema struct {
	attrs    map[string]rule
	required []string
	children []string
	text     textRule
	// value checks the text where there is one.
	value rule
	// whole checks what spans several attributes or children; it returns a message or "".
	whole func(*Element) string
}

// checker collects the faults of a document.
type checker struct{ faults Errors }

func (c *checker) fault(e *Element, format string, args ...any) {
	c.faults = append(c.faults, &Error{SchemaWarning, e.Line, fmt.Sprintf(format, args...)})
}

// element checks one element and all below it against its schema.
func (c *checker) element(e *Element) {
	s, ok := schemaOf(e.Name)
	if !ok {
		// The parent has said so already; what is inside has no schema.
		return
	}
	c.attributes(e, s)
	c.textOf(e, s)
	for _, child := range e.Children {
		switch {
		case slices.Contains(s.children, child.Name):
			c.element(child)
		case knownElsewhere(child.Name):
			c.fault(child, "Element '%s' is valid TwiML inside '%s' but is not played by the sandbox.", child.Name, e.Name)
		default:
			c.fault(child, "Invalid content was found starting with element '%s'. One of '{%s}' is expected.",
				child.Name, strings.Join(s.children, ", "))
		}
	}
	if s.whole != nil {
		if message := s.whole(e); message != "" {
			c.fault(e, "%s", message)
		}
	}
}

func (c *checker) attributes(e *Element, s schema) {
	for _, name := range slices.Sorted(maps.Keys(e.Attr)) {
		r, known := s.attrs[name]
		if !known {
			c.fault(e, "Attribute '%s' is not allowed to appear in element '%s'.", name, e.Name)
			continue
		}
		if want := r(e.Attr[name]); want != "" {
			c.fault(e, "The value of attribute '%s' on element '%s' is not valid: %s is expected.", name, e.Name, want)
		}
	}
	for _, name := range s.required {
		if _, has := e.Attr[name]; !has {
			c.fault(e, "Attribute '%s' must appear on element '%s'.", name, e.Name)
		}
	}
}

func (c *checker) textOf(e *Element, s schema) {
	switch {
	case s.text == textNone && e.Text != "":
		c.fault(e, "Element '%s' must have no character content.", e.Name)
	case s.text == textRequired && e.Text == "":
		c.fault(e, "The content of element '%s' is not complete: text is expected.", e.Name)
	case e.Text != "" && s.value != nil:
		if want := s.value(e.Text); want != "" {
			c.fault(e, "The content of element '%s' is not valid: %s is expected.", e.Name, want)
		}
	}
}
