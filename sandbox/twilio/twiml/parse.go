package twiml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxDepth is far above what the schema allows; it bounds the work on a hostile document.
const maxDepth = 16

// Parse reads a document and checks it. The error is an [Errors] with every fault; a document that is no
// well-formed XML has one.
func Parse(body []byte) (*Document, error) {
	if len(body) > MaxBytes {
		return nil, Errors{{TooLarge, 1, "TwiML response body too large"}}
	}
	root, fault := tree(body)
	if fault != nil {
		return nil, Errors{fault}
	}
	var c checker
	c.element(root)
	if len(c.faults) > 0 {
		return nil, c.faults
	}
	return &Document{Verbs: root.Children}, nil
}

// tree reads the XML into elements, whatever their names.
func tree(body []byte) (*Element, *Error) {
	dec := xml.NewDecoder(bytes.NewReader(body))
	b := builder{dec: dec}
	for {
		at := dec.InputOffset()
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, b.fail(xmlMessage(err))
		}
		if fault := b.token(tok, at); fault != nil {
			return nil, fault
		}
	}
	if b.root == nil {
		return nil, b.fail("Premature end of file: the document has no root element.")
	}
	if b.root.Name != "Response" {
		return nil, b.fail("Cannot find the declaration of the root element: it must be 'Response'.")
	}
	return b.root, nil
}

// builder puts tokens together.
type builder struct {
	dec  *xml.Decoder
	root *Element
	open []*Element
}

func (b *builder) fail(message string) *Error {
	line, _ := b.dec.InputPos()
	return &Error{ParseFailure, line, "Document parse failure: " + message}
}

func (b *builder) token(tok xml.Token, at int64) *Error {
	switch t := tok.(type) {
	case xml.StartElement:
		return b.start(t)
	case xml.EndElement:
		top := b.open[len(b.open)-1]
		top.Text = strings.TrimSpace(top.Text)
		b.open = b.open[:len(b.open)-1]
	case xml.CharData:
		if len(b.open) > 0 {
			b.open[len(b.open)-1].Text += string(t)
		} else if strings.Trim(string(t), " \t\r\n") != "" {
			return b.fail("Content is not allowed outside of the root element.")
		}
	case xml.ProcInst:
		if t.Target == "xml" && at != 0 {
			return b.fail("The XML declaration must be at the document's start.")
		}
	case xml.Directive:
		return b.fail("DOCTYPE is disallowed.")
	}
	return nil
}

func (b *builder) start(t xml.StartElement) *Error {
	if len(b.open) == 0 && b.root != nil {
		return b.fail("The markup in the document following the root element must be well-formed.")
	}
	if len(b.open) == maxDepth {
		return b.fail("Elements are nested too deep.")
	}
	line, _ := b.dec.InputPos()
	e := &Element{Name: qualified(t.Name), Line: line, Attr: make(map[string]string, len(t.Attr))}
	for _, a := range t.Attr {
		name := qualified(a.Name)
		if _, twice := e.Attr[name]; twice {
			return b.fail("Attribute '" + name + "' was already specified for element '" + e.Name + "'.")
		}
		e.Attr[name] = a.Value
	}
	if len(b.open) == 0 {
		b.root = e
	} else {
		top := b.open[len(b.open)-1]
		top.Children = append(top.Children, e)
	}
	b.open = append(b.open, e)
	return nil
}

// xmlSpace is what the decoder makes of the prefix xml.
const xmlSpace = "http://www.w3.org/XML/1998/namespace"

// qualified keeps a prefix, so that <x:Say> is not taken for <Say>.
func qualified(n xml.Name) string {
	switch n.Space {
	case "":
		return n.Local
	case xmlSpace:
		return "xml:" + n.Local
	}
	return n.Space + ":" + n.Local
}

// xmlMessage returns what the XML reader found, without its own prefix and line.
func xmlMessage(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return strings.TrimPrefix(err.Error(), "xml: ")
}
