package typing_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// TestHashesAreKeyed: what DuckDB makes of a value is the HMAC that Go's own package makes, for keys shorter and longer than a block.
func TestHashesAreKeyed(t *testing.T) {
	t.Parallel()
	db := duck.Open(duck.Config{MemoryLimit: "200MB", TempDir: t.TempDir()})
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rapid.Check(t, func(rt *rapid.T) {
		salt := rapid.OneOf(rapid.StringN(1, 200, -1), rapid.SampledFrom([]string{strings.Repeat("k", 63), strings.Repeat("k", 64), strings.Repeat("k", 65), "'"})).Draw(rt, "salt")
		value := rapid.OneOf(rapid.StringMatching(`[a-z0-9@.' ]{0,40}`), rapid.SampledFrom([]string{"zoë@exämple.eu", "ann@example.com", "北京"})).Draw(rt, "value")
		for _, q := range typing.SetKeys(waybill.Secret(salt)) {
			if _, err := conn.ExecContext(t.Context(), q); err != nil {
				rt.Fatal(err)
			}
		}
		var got string
		if err := conn.QueryRowContext(t.Context(), fmt.Sprintf("select %s from (select %s as v0)", typing.Keyed("v0", "hashed"), duck.Literal("  "+strings.ToUpper(value)+" "))).Scan(&got); err != nil {
			rt.Fatal(err)
		}
		mac := hmac.New(sha256.New, []byte(salt))
		mac.Write([]byte(strings.ToLower(strings.Trim(value, " "))))
		if want := hex.EncodeToString(mac.Sum(nil)); got != want {
			rt.Fatalf("%q with %q is %s, want %s", value, salt, got, want)
		}
	})
}
