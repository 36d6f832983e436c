package decode

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
)

// packedName is the name of the one file in an archive that Pack makes.
const packedName = "content"

// Pack is the way back from Layers: what is written to it stands in the same byte layers, outermost first. Close ends them, and leaves w open.
func Pack(w io.Writer, layers []string) (io.WriteCloser, error) {
	packer := &packer{Writer: w}
	for _, layer := range layers {
		switch layer {
		case "gzip":
			z := gzip.NewWriter(packer.Writer)
			packer.Writer, packer.close = z, append(packer.close, z)
		case "zip":
			archive := zip.NewWriter(packer.Writer)
			entry, err := archive.Create(packedName)
			if err != nil {
				return nil, err
			}
			packer.Writer, packer.close = entry, append(packer.close, archive)
		default:
			return nil, fmt.Errorf("%q is no byte layer; use gzip or zip", layer)
		}
	}
	return packer, nil
}

type packer struct {
	io.Writer
	close []io.Closer // outermost first
}

// Close ends the layers, innermost first.
func (p *packer) Close() error {
	var problems []error
	for i := len(p.close) - 1; i >= 0; i-- {
		problems = append(problems, p.close[i].Close())
	}
	return errors.Join(problems...)
}
