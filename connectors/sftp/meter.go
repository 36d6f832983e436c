package sftp

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// The parts of a packet that are looked at (draft-ietf-secsh-filexfer-02): its length, its type, the request that it answers and, of names, how
// many they are.
const (
	lengthBytes = 4
	headBytes   = 13
	namesPacket = 104
	// mostPacket is what the SFTP library takes; the protocol promises 34,000 bytes, servers such as OpenSSH send a hundred names at a time.
	mostPacket = 256 << 10
)

// meter stands between the server and the SFTP library, which keeps a listing whole in memory and calls a packet that is too long for it a
// lost connection. It ends a listing that has more names than the limit, and says what was wrong.
type meter struct {
	from io.Reader
	most int

	head [headBytes]byte
	have int
	skip int // bytes of the packet at hand that are still to come

	mu       sync.Mutex
	listings map[int]func() // under way: who is to hear of names
	next     int
	names    int // since no listing was under way
	err      error
}

// Read hands on bytes and looks at the heads of packets.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	for rest := p[:n]; len(rest) > 0; {
		if m.skip > 0 {
			took := min(m.skip, len(rest))
			m.skip, rest = m.skip-took, rest[took:]
			continue
		}
		m.head[m.have] = rest[0]
		m.have, rest = m.have+1, rest[1:]
		if bad := m.look(); bad != nil {
			m.mu.Lock()
			m.err = bad
			m.mu.Unlock()
			return 0, bad
		}
	}
	return n, err
}

// look reads a packet's head as far as it is there.
func (m *meter) look() error {
	if m.have < lengthBytes {
		return nil
	}
	length := int64(binary.BigEndian.Uint32(m.head[:]))
	switch {
	case length > mostPacket:
		return fmt.Errorf("%w: the server sends a packet of %d bytes, and %d is what an SFTP client takes; a folder with very many files is told so by servers that do not part their listings: ask the partner to clear the folder, or to update the server",
			waybill.ErrLimit, length, mostPacket)
	case m.have == lengthBytes && length > 0, m.have < headBytes && m.head[lengthBytes] == namesPacket && length >= headBytes-lengthBytes:
		return nil
	}
	m.skip = int(length) - (m.have - lengthBytes)
	counted := m.have == headBytes
	m.have = 0
	if counted {
		return m.count(int(binary.BigEndian.Uint32(m.head[headBytes-4:])))
	}
	return nil
}

func (m *meter) count(names int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.listings) == 0 {
		return nil
	}
	m.names += names
	for _, heard := range m.listings {
		heard()
	}
	if most := m.most * max(1, len(m.listings)); m.names > most {
		return bound.TooMany(m.names, most)
	}
	return nil
}

// list tells that a listing is under way until done is called; heard is called when names come.
func (m *meter) list(heard func()) (done func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.listings == nil {
		m.listings = map[int]func(){}
	}
	id := m.next
	m.next++
	m.listings[id] = heard
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if delete(m.listings, id); len(m.listings) == 0 {
			m.names = 0
		}
	}
}

// because is why the connection was given up, if the meter did it.
func (m *meter) because(lost error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	return lost
}
