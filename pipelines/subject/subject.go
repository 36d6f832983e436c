// Package subject tells the people who are to be forgotten from all others, without knowing who they are: of their addresses and of what is theirs it has
// keyed hashes only.
package subject

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// Key makes marks: HMAC of RFC 2104 with SHA-256, keyed with pii_salt. What is hashed begins with what it is, so that no mark is the hash that a column of
// pii: hash has of the same address.
type Key struct{ salt waybill.Secret }

// NewKey takes pii_salt.
func NewKey(salt waybill.Secret) Key { return Key{salt} }

func (k Key) mark(parts ...string) string {
	mac := hmac.New(sha256.New, []byte(k.salt.Reveal()))
	mac.Write([]byte("forgotten\x00" + strings.Join(parts, "\x00")))
	return hex.EncodeToString(mac.Sum(nil))
}

// ID tells keys apart, and nothing else of them.
func (k Key) ID() string { return k.mark("key")[:16] }

// Email is the mark of an address.
func (k Key) Email(address string) string {
	return k.mark("email", strings.ToLower(strings.TrimSpace(address)))
}

// Order is the mark of an order by its order_id.
func (k Key) Order(id string) string { return k.mark("order_id", id) }

// Name is the mark of what a source calls an order, a payment or a return; a parcel's number is the carrier's with every source.
func (k Key) Name(source string, n load.Name) string {
	if n.Kind == typing.SubjectParcel {
		source = ""
	}
	return k.mark("name", source, string(n.Kind), typing.SubjectName(n.Name))
}

// Marks are those of all people who are to be forgotten.
// It is safe for use by several goroutines: a file is looked through while what the one before it named is added.
type Marks struct {
	Key Key
	mu  sync.RWMutex
	set map[string]bool
}

// NewMarks are marks that the key made.
func NewMarks(k Key, marks []string) *Marks {
	m := &Marks{Key: k, set: make(map[string]bool, len(marks))}
	m.Add(marks...)
	return m
}

// Add takes more marks in, and tells whether one of them is new.
func (m *Marks) Add(marks ...string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.set)
	for _, mark := range marks {
		m.set[mark] = true
	}
	return len(m.set) > before
}

// Has tells whether a mark is among them.
func (m *Marks) Has(mark string) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.set[mark]
}

// Len is how many there are.
func (m *Marks) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.set)
}

// In are the people as a source's files show them.
func (m *Marks) In(source string) load.Subjects { return people{m, source} }

type people struct {
	*Marks
	source string
}

// Email tells whether an address is one of theirs.
func (p people) Email(address string) bool { return p.Has(p.Key.Email(address)) }

// Named tells whether something is theirs.
func (p people) Named(kind typing.Subject, name string) bool {
	return p.Has(p.Key.Name(p.source, load.Name{Kind: kind, Name: name}))
}

// All are the marks, sorted.
func (m *Marks) All() []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Sorted(maps.Keys(m.set))
}
