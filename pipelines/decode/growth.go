package decode

import "fmt"

// Growth bounds what byte layers unpack.
type Growth struct {
	Bytes int64 // that a layer gives
	Ratio int64 // of that to the bytes that were read for it
}

// ratioFrom is from how many unpacked bytes on the ratio is looked at: a small file of one repeated line may be packed very well.
const ratioFrom = 64 << 20

// GrowthError says that a packed file becomes too large. Which limit it is and what was met is in the text.
type GrowthError struct{ Reason string }

// Error is the reason.
func (e *GrowthError) Error() string { return e.Reason }

// look tells whether so many unpacked bytes are too many for so many packed ones.
func (g Growth) look(unpacked, packed int64) error {
	switch {
	case unpacked > g.Bytes:
		return &GrowthError{fmt.Sprintf("it unpacks to more than limits.max_unpacked_bytes, %d bytes, from %d; ask the partner for smaller files, or raise it", g.Bytes, packed)}
	case unpacked > ratioFrom && unpacked/g.Ratio > packed:
		return &GrowthError{fmt.Sprintf("it unpacks to %d times its size and more, limits.max_unpacked_ratio is %d; no table is packed so well: ask the partner what this file is, or raise it", unpacked/max(packed, 1), g.Ratio)}
	}
	return nil
}
