package typing

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// place is where a value stands in a nested record: levels out, then optionally into a text that is JSON, then a path.
type place struct {
	Out   int    // levels out of the innermost hop
	Inner string // path of a text to be read as JSON first, empty for none
	Path  string // path within that, $ for the whole
}

var pathText = regexp.MustCompile(`^\$(\.(\w+|"[^"]+")|\[\d+\])*$`)

// parsePath reads ^^$.a.b and json($.body)$.x.y; depth is how many levels there are to go out.
func parsePath(text string, depth int) (place, error) {
	rest := strings.TrimLeft(text, "^")
	p := place{Out: len(text) - len(rest)}
	if p.Out > depth {
		return p, fmt.Errorf("%q goes %d levels out, each has only %d", text, p.Out, depth)
	}
	if inner, ok := strings.CutPrefix(rest, "json("); ok {
		if p.Inner, rest, ok = strings.Cut(inner, ")"); !ok || !pathText.MatchString(p.Inner) {
			return p, fmt.Errorf("%q is no json($.path)$.path", text)
		}
	}
	if !pathText.MatchString(rest) {
		return p, fmt.Errorf("%q is no path such as $.a.b, ^$.id or json($.body)$.x", text)
	}
	p.Path = rest
	return p, nil
}

// hop is one step into a record.
type hop struct {
	IsText bool   // parse the text at Path as JSON
	Path   string // of the text or of the array
	Keep   bool   // keep the parent once when the array is empty or absent
}

func parseHop(text string) (hop, error) {
	if inner, ok := strings.CutPrefix(text, "json("); ok {
		path, ok := strings.CutSuffix(inner, ")")
		if !ok || !pathText.MatchString(path) {
			return hop{}, fmt.Errorf("%q is no json($.path)", text)
		}
		return hop{IsText: true, Path: path}, nil
	}
	list, keep := strings.CutSuffix(text, "?")
	path, ok := strings.CutSuffix(list, "[*]")
	if !ok || !pathText.MatchString(path) {
		return hop{}, fmt.Errorf("%q is neither $.list[*], $.list[*]? nor json($.path)", text)
	}
	return hop{Path: path, Keep: keep}, nil
}

// bodyText is the text at a path. In an exchange the body may stand as base64 beside it.
func (c Contract) bodyText(element, path string) string {
	text := fmt.Sprintf("json_extract_string(%s, %s)", element, duck.Literal(path))
	if c.Format.Type == Exchange && path == "$.body" {
		return fmt.Sprintf("coalesce(%s, try(decode(from_base64(json_extract_string(%s, '$.body_base64')))))", text, element)
	}
	return text
}
