package typing

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// HashedBy is how personal values are hashed: HMAC of RFC 2104 with SHA-256, the salt being the key, of the trimmed lower-cased value in UTF-8.
const HashedBy = "hmac-sha256"

// The DuckDB variables with the key as HMAC wants it, padded for the inner and for the outer hash.
const (
	innerKey = "waybill_inner_key"
	outerKey = "waybill_outer_key"
)

// setKeys are the statements that set the variables.
func setKeys(salt waybill.Secret) []string {
	key := []byte(salt.Reveal())
	if len(key) > sha256.BlockSize {
		sum := sha256.Sum256(key)
		key = sum[:]
	}
	set := func(variable string, pad byte) string {
		padded := bytes.Repeat([]byte{pad}, sha256.BlockSize)
		for i, b := range key {
			padded[i] ^= b
		}
		return fmt.Sprintf("set variable %s = unhex('%x')", variable, padded)
	}
	return []string{set(innerKey, 0x36), set(outerKey, 0x5c)}
}

// keyed is the SQL of a value's hash: lower-case hex, null for none.
func keyed(value, name string) string {
	return fmt.Sprintf("case when %[1]s is not null then sha256(getvariable('%[3]s') || unhex(sha256(getvariable('%[2]s') || encode(lower(trim(%[1]s)))))) end as %[4]s",
		value, innerKey, outerKey, duck.Ident(name))
}

// Hashes tells whether a column is to be hashed.
func (c Contract) Hashes() bool {
	for _, t := range c.Tables {
		for _, col := range t.Columns {
			if col.PII == Hash {
				return true
			}
		}
	}
	return false
}
