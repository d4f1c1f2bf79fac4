// Package soql reads SOQL and SOSL into trees. It knows the languages (SOQL and SOSL Reference), not the org: names
// are resolved by whoever runs the query.
package soql

import (
	"fmt"
	"strings"
)

// Query is a SELECT statement.
type Query struct {
	Text   string
	Select []Item
	From   Name
	Alias  string
	Where  Expr
	Group  []Path
	Having Expr
	Order  []Order
	// Limit and Offset are -1 where they are left out.
	Limit, Offset int
}

// Name is an identifier and where it stands.
type Name struct {
	Text string
	At   int
}

// Path is a field, through parents if it has more than one part: Contact.Account.Name.
type Path struct {
	Parts []string
	At    int
}

func (p Path) String() string { return strings.Join(p.Parts, ".") }

// Item of a SELECT list: a field, an aggregate of one, or a subquery over children.
type Item struct {
	Path  Path
	Func  string
	Alias string
	Sub   *Query
}

// Order of the records.
type Order struct {
	Path      Path
	Func      string
	Desc      bool
	NullsLast bool
}

// Expr is a condition: And, Or, Not or Compare.
type Expr interface{ expr() }

// And holds where all of its parts do.
type And []Expr

// Or holds where one of its parts does.
type Or []Expr

// Not holds where its part doesn't.
type Not struct{ Of Expr }

// Compare is one comparison. In holds a semi-join's query, List the values of IN and NOT IN.
type Compare struct {
	Path  Path
	Func  string
	Op    string // = != < <= > >= LIKE IN "NOT IN"
	Value Value
	List  []Value
	In    *Query
}

func (And) expr()      {}
func (Or) expr()       {}
func (Not) expr()      {}
func (*Compare) expr() {}

// Kind of a value.
type Kind int

// The kinds.
const (
	Null Kind = iota
	Text
	Number
	Bool
	Date        // 2006-01-02
	DateTime    // RFC 3339
	DateLiteral // TODAY, LAST_N_DAYS:3
)

// Value in a condition.
type Value struct {
	Kind Kind
	// Text of the value: without quotes, or as written.
	Text string
	Num  float64
	// N of a date literal that takes a number.
	N  int
	At int
}

// Error is a query that can't be read, in the vendor's words.
type Error struct {
	Code, Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Malformed is the error for a query that can't be read at an offset.
func Malformed(text string, at int, format string, args ...any) *Error {
	return &Error{"MALFORMED_QUERY", Pointing(text, at, fmt.Sprintf(format, args...))}
}

// Pointing puts the vendor's arrow under the place of a fault: the lines around it, the row and the column.
func Pointing(text string, at int, message string) string {
	at = min(max(at, 0), len(text))
	start := strings.LastIndexByte(text[:at], '\n') + 1
	row := strings.Count(text[:at], "\n") + 1
	col := at - start + 1
	from := max(start, at-30)
	line := text[from:min(len(text), at+30)]
	if i := strings.IndexByte(line[at-from:], '\n'); i >= 0 {
		line = line[:at-from+i]
	}
	return fmt.Sprintf("\n%s\n%s^\nERROR at Row:%d:Column:%d\n%s",
		strings.ToValidUTF8(line, "?"), strings.Repeat(" ", at-from), row, col, message)
}
