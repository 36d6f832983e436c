package pipelines

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest is a short name for what the parts say together: 16 hexadecimal digits of their sha256.
func Digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s;", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
