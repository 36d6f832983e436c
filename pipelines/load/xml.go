package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fourmarketing/waybill/pipelines/decode"
	"github.com/fourmarketing/waybill/transforms/typing"
)

func xmlRecords(r io.Reader, c typing.Contract) (*decode.XML, error) {
	text, err := decode.XMLText(r, c.Format.Encoding)
	if err != nil {
		return nil, err
	}
	shape := &decode.Shape{}
	for _, e := range c.Elements() {
		shape.Read(e.Path, e.List, e.Text)
	}
	return decode.NewXML(text, decode.XMLDialect{
		Record: typing.PathNames(c.Format.Record), Total: typing.PathNames(c.Control.Count), Shape: shape, MaxRecord: c.Grown().MaxRecordBytes, MaxDepth: c.Grown().MaxNesting,
	}), nil
}

// endXML looks at a file that is whole: it must have been about records of this kind, and have as many as it says.
func (r *reader) endXML(x *decode.XML) error {
	if r.seen = x.Begun; !x.Begun {
		return nil
	}
	if r.res.Records == 0 && !r.in.Contract.Limits.AllowEmpty {
		if err := noRecords(x, r.in.Contract.Format.Record); err != nil {
			return err
		}
	}
	if len(x.Others) > 0 {
		r.res.Warnings = append(r.res.Warnings, "elements beside the records were not read: "+others(x))
	}
	return r.totals(x)
}

// noRecords holds a file without records unless it is empty in the way of one that could have some: another kind of file may well have
// the same root element.
func noRecords(x *decode.XML, record string) error {
	hold := Hold{Rule: "root", Detail: fmt.Sprintf("the file has no %s; is it another kind of file? limits.allow_empty takes such files for no news", record)}
	if len(x.Others) > 0 {
		hold.Detail = fmt.Sprintf("the file has no %s but %s; is it another kind of file?", record, others(x))
	}
	if x.Container && len(x.Others) == 0 {
		return nil
	}
	return held(hold)
}

// others lists elements beside the records.
func others(x *decode.XML) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(x.Others)) {
		list = append(list, fmt.Sprintf("%d × <%s>", x.Others[name], name))
	}
	return strings.Join(list, ", ")
}

// totals reads what the file says of itself. Several totals add up, as those of trailers do.
func (r *reader) totals(x *decode.XML) error {
	control := r.in.Contract.Control
	if control.Count == "" {
		return nil
	}
	for _, t := range x.Totals {
		n, err := strconv.ParseInt(t.Text, 10, 64)
		if err != nil {
			return held(Hold{Rule: "control", Line: t.Line, Detail: fmt.Sprintf("the count %q at %s is no number", shorten(t.Text, 40), control.Count)})
		}
		r.res.Control.WantCount += n
		r.res.Control.Found = true
	}
	if r.res.Control.Found {
		return nil
	}
	missing := fmt.Sprintf("the file does not say at %s how many records it has", control.Count)
	if control.Policy == typing.PolicyWarn {
		r.res.Warnings = append(r.res.Warnings, "control: "+missing)
		return nil
	}
	return held(Hold{Rule: "control", Detail: missing + "; is it another kind of file?"})
}
