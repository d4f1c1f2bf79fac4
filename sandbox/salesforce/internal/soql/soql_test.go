package soql_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/frontdesk/frontdesk/sandbox/salesforce/internal/soql"
)

func TestParse(t *testing.T) {
	q, err := soql.Parse(`SELECT Id, Account.Name n, COUNT(Id), (SELECT Id FROM Tasks LIMIT 2) FROM Contact c
		WHERE (Name LIKE 'a\'b%' AND NOT Phone IN ('1', '2')) OR CreatedDate >= LAST_N_DAYS:3
		GROUP BY Name HAVING COUNT(Id) > 1 ORDER BY Name DESC NULLS LAST, COUNT(Id) LIMIT 10 OFFSET 5 FOR VIEW`)
	if err != nil {
		t.Fatal(err)
	}
	or, ok := q.Where.(soql.Or)
	if !ok || len(or) != 2 || q.From.Text != "Contact" || q.Alias != "c" || q.Limit != 10 || q.Offset != 5 ||
		len(q.Select) != 4 || q.Select[1].Alias != "n" || q.Select[3].Sub.Limit != 2 || !q.Order[0].NullsLast || !q.Order[0].Desc || q.Order[1].Func != "COUNT" {
		t.Fatalf("%+v", q)
	}
	like := or[0].(soql.And)[0].(*soql.Compare)
	if like.Value.Text != "a'b%" || like.Op != "LIKE" {
		t.Errorf("%+v", like)
	}
	if last := or[1].(*soql.Compare); last.Value.Kind != soql.DateLiteral || last.Value.N != 3 || last.Value.Text != "LAST_N_DAYS" {
		t.Errorf("%+v", last)
	}
}

func TestMalformed(t *testing.T) {
	for query, want := range map[string]string{
		"":                                      "unexpected token: '<EOF>'",
		"DELETE FROM Lead":                      "unexpected token: 'DELETE'",
		"SELECT Id":                             "unexpected token: '<EOF>'",
		"SELECT Id, FROM Lead":                  "unexpected token: 'FROM'",
		"SELECT Id FROM Lead WHERE":             "unexpected token: '<EOF>'",
		"SELECT Id FROM Lead LIMIT -1":          "unexpected token: '-1'",
		"SELECT Id FROM Lead LIMIT 1 WHERE A=1": "unexpected token: 'WHERE'",
		"SELECT Id FROM Lead WHERE A IN 1":      "unexpected token: '1'",
		"SELECT Id FROM Lead WHERE A ~ 1":       "unexpected token: '~'",
		"SELECT Id FROM Lead WHERE A = TODEY":   "unexpected token: 'TODEY'",
		"SELECT Id FROM Lead WHERE A = '\\q'":   "Illegal character sequence '\\q' in string literal",
		"SELECT Id FROM Lead WHERE A = 'x":      "mismatched character '<EOF>' expecting '''",
		"SELECT Id FROM Lead; DROP":             "unexpected token: ';'",
		"SELECT A..B FROM Lead":                 "unexpected token: 'A..B'",
		"SELECT Id FROM Lead WHERE A = \xff":    "unexpected character",
	} {
		_, err := soql.Parse(query)
		var e *soql.Error
		if !errors.As(err, &e) || e.Code != "MALFORMED_QUERY" || !strings.HasSuffix(e.Message, want) && !strings.Contains(e.Message, want) {
			t.Errorf("%q: %v, want %s", query, err, want)
		}
	}
}

func TestSpan(t *testing.T) {
	now := time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC) // a Wednesday
	for literal, want := range map[string]string{
		"TODAY": "2026-03-04 2026-03-05", "YESTERDAY": "2026-03-03 2026-03-04", "TOMORROW": "2026-03-05 2026-03-06",
		"THIS_WEEK": "2026-03-01 2026-03-08", "LAST_WEEK": "2026-02-22 2026-03-01", "NEXT_WEEK": "2026-03-08 2026-03-15",
		"THIS_MONTH": "2026-03-01 2026-04-01", "LAST_MONTH": "2026-02-01 2026-03-01", "NEXT_MONTH": "2026-04-01 2026-05-01",
		"THIS_YEAR": "2026-01-01 2027-01-01", "LAST_YEAR": "2025-01-01 2026-01-01", "NEXT_YEAR": "2027-01-01 2028-01-01",
		"LAST_N_DAYS": "2026-03-02 2026-03-05", "NEXT_N_DAYS": "2026-03-05 2026-03-07", "N_DAYS_AGO": "2026-03-02 2026-03-03",
		"LAST_90_DAYS": "2025-12-04 2026-03-05", "NEXT_90_DAYS": "2026-03-05 2026-06-03",
	} {
		from, to, ok := soql.Span(soql.Value{Text: literal, N: 2}, now)
		if got := from.Format(time.DateOnly) + " " + to.Format(time.DateOnly); !ok || got != want {
			t.Errorf("%s is %s, want %s", literal, got, want)
		}
	}
}

func TestParseSearch(t *testing.T) {
	s, err := soql.ParseSearch(`FIND {4155550123 OR "Ana \{Abel\}"} IN PHONE FIELDS RETURNING Contact(Id, Phone WHERE Id != null ORDER BY Id LIMIT 5), Lead LIMIT 20`)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(s.Terms, "|") != "4155550123|ana {abel}" || !s.Any || s.In != "PHONE" || len(s.Returning) != 2 || s.Returning[0].Limit != 5 || s.Limit != 20 {
		t.Errorf("%+v", s)
	}
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{
		"SELECT Id FROM Lead", "SELECT COUNT() FROM X WHERE a.b.c = 'x\\'y' AND d IN (1,2.5,-3)", "select a x from b c where not (d like '%_\\%')",
		"SELECT (SELECT Id FROM B) FROM A ORDER BY x NULLS LAST LIMIT 1 OFFSET 2", "SELECT Id FROM A WHERE b >= 2026-01-02T03:04:05.000+01:00",
		"SELECT Id FROM A WHERE b = LAST_N_DAYS:7 GROUP BY c HAVING MAX(d) > 1", "((((", "SELECT Id FROM A WHERE ((((b=null))))", "\xff\xfe",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := soql.Parse(query)
		var e *soql.Error
		switch {
		case err == nil && (q == nil || len(q.Select) == 0 || q.From.Text == ""):
			t.Errorf("%q became %+v", query, q)
		case err != nil && (!errors.As(err, &e) || e.Code == "" || e.Message == ""):
			t.Errorf("%q: %v", query, err)
		case err != nil && utf8.ValidString(query) && !utf8.ValidString(e.Message):
			t.Errorf("%q: the message is not UTF-8: %q", query, e.Message)
		}
	})
}

func FuzzParseSearch(f *testing.F) {
	for _, q := range []string{
		"FIND {abc}", `FIND {a\}b "c d"} IN NAME FIELDS RETURNING A(b, c WHERE d = 1 LIMIT 2), E LIMIT 9`, "FIND {", "find{**}", `FIND {"} RETURNING`,
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		s, err := soql.ParseSearch(query)
		var e *soql.Error
		if err == nil && len(s.Terms) == 0 || err != nil && !errors.As(err, &e) {
			t.Errorf("%q: %+v, %v", query, s, err)
		}
	})
}
