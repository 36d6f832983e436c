package s3

import (
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/connectors/internal/bound"
)

// mostPage is far more than a page of a listing has, which is a thousand keys of a thousand bytes. The SDK reads it whole.
const mostPage = 8 << 20

// answers is the web with a bound for what the SDK takes into memory: all but objects.
type answers struct{ web aws.HTTPClient }

// Do sends a request.
func (a answers) Do(r *http.Request) (*http.Response, error) {
	got, err := a.web.Do(r)
	if err == nil && (got.StatusCode != http.StatusOK && got.StatusCode != http.StatusPartialContent || r.URL.Query().Has("list-type")) {
		got.Body = &page{ReadCloser: got.Body, left: mostPage, came: func() { bound.Progress(r.Context()) }}
	}
	return got, err
}

type page struct {
	io.ReadCloser
	left int
	came func()
}

func (p *page) Read(into []byte) (int, error) {
	n, err := p.ReadCloser.Read(into)
	p.came()
	if p.left -= n; p.left < 0 {
		return 0, fmt.Errorf("%w: the store's answer has more than %d bytes, which is no page of a listing; see what answers at endpoint", waybill.ErrLimit, mostPage)
	}
	return n, err
}
