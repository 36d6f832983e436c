package adyen

import "testing"

func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", "{}", `{"A":12}`, `{"A":{"last":12,"gaps":[7,9,7]},"B":0}`, `{"A":-1}`, `{"A":{"last":3,"gaps":[3]}}`, `null`, `{"A":null}`, `[`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		s, err := parseCursor(cursor)
		if err != nil {
			return
		}
		out, err := s.cursor()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseCursor(out)
		if err != nil {
			t.Fatalf("%q became %q: %v", cursor, out, err)
		}
		if twice, err := again.cursor(); err != nil || twice != out {
			t.Fatalf("%q became %q, then %q", cursor, out, twice)
		}
		s.with("account", mark{Last: 3}) // a parsed state can always be added to
	})
}
