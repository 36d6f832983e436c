package typing

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/fourmarketing/waybill/transforms/duck"
)

// place is where a value stands in a nested record: levels out, then optionally into a text that is JSON, then optionally to one entry
// of a list, then a path.
type place struct {
	Out   int    // levels out of the innermost hop
	Inner string // path of a text to be read as JSON first, empty for none
	Pick  pick   // the entry of a list to go on from
	Path  string // path within that, $ for the whole
}

// pick is the first entry of a list of objects whose member is a value: shops keep what their plugins add as
// [{"key": …, "value": …}, …] in no order.
type pick struct{ List, Member, Value string }

var pathText = regexp.MustCompile(`^\$(\.(\w+|"[^"]+")|\[\d+\])*$`)

var pickText = regexp.MustCompile(`^([^=]*)\[(\w+)=([^\[\]=]+)\]([^=]*)$`)

// cutPick splits $.list[member=value].rest into the pick and $.rest; a path without one stays as it is.
func cutPick(path string) (pick, string) {
	m := pickText.FindStringSubmatch(path)
	if m == nil {
		return pick{}, path
	}
	return pick{List: m[1], Member: m[2], Value: m[3]}, "$" + m[4]
}

// valid tells whether a pick, if there is one, starts from a path.
func (p pick) valid() bool { return p.Member == "" || pathText.MatchString(p.List) }

// from is the picked entry of a JSON value, null when no entry has the value; without a pick the value itself.
func (p pick) from(element string) string {
	if p.Member == "" {
		return element
	}
	return fmt.Sprintf("list_filter(json_extract(%s, %s), lambda entry: json_extract_string(entry, %s) = %s)[1]",
		element, duck.Literal(p.List+"[*]"), duck.Literal("$."+p.Member), duck.Literal(p.Value))
}

// parsePath reads ^^$.a.b, json($.body)$.x.y and $.list[key=a].value; depth is how many levels there are to go out.
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
	if p.Pick, p.Path = cutPick(rest); !p.Pick.valid() || !pathText.MatchString(p.Path) {
		return p, fmt.Errorf("%q is no path such as $.a.b, ^$.id, $.list[key=a].value or json($.body)$.x", text)
	}
	return p, nil
}

// hop is one step into a record.
type hop struct {
	IsText bool   // parse the text at Path as JSON
	Pick   pick   // the entry of a list to go on from
	Path   string // of the text or of the array
	Gaps   bool   // an object's values are entries, too: PHP writes a list with a gap as {"1": …, "2": …}
	Lone   bool   // an object is an entry itself: some leave the list away around a single one
	Keep   bool   // keep the parent once when the array is empty or absent
	Or     []hop  // further lists, whose entries come behind: an answer's further pages stand elsewhere than its first
}

func parseHop(text string) (hop, error) {
	first, further, several := strings.Cut(text, " | ")
	h, err := parseOneHop(first)
	if err != nil || !several {
		return h, err
	}
	next, err := parseHop(further)
	if err == nil && (h.IsText || next.IsText || h.Keep || next.Keep) {
		err = fmt.Errorf("%q: lists alone stand beside one another, without ? behind", text)
	}
	h.Or = append([]hop{next}, next.Or...)
	return h, err
}

func parseOneHop(text string) (hop, error) {
	if inner, ok := strings.CutPrefix(text, "json("); ok {
		path, ok := strings.CutSuffix(inner, ")")
		if !ok || !pathText.MatchString(path) {
			return hop{}, fmt.Errorf("%q is no json($.path)", text)
		}
		return hop{IsText: true, Path: path}, nil
	}
	list, keep := strings.CutSuffix(text, "?")
	path, ok := strings.CutSuffix(list, "[*]")
	h := hop{Keep: keep}
	if !ok {
		path, h.Gaps = strings.CutSuffix(list, "{*}")
		if !h.Gaps {
			path, h.Lone = strings.CutSuffix(list, "[]")
		}
		ok = h.Gaps || h.Lone
	}
	if h.Pick, h.Path = cutPick(path); !ok || !h.Pick.valid() || !pathText.MatchString(h.Path) {
		return hop{}, fmt.Errorf("%q is none of $.list[*], $.list{*}, $.list[], each with ? behind or without, and json($.path)", text)
	}
	return h, nil
}

// entries is the list that a hop steps into.
func (h hop) entries(element string) string {
	list := h.list(element)
	for _, further := range h.Or {
		list = fmt.Sprintf("list_concat(%s, %s)", list, further.list(element))
	}
	return list
}

func (h hop) list(element string) string {
	from := h.Pick.from(element)
	list := fmt.Sprintf("json_extract(%s, %s)", from, duck.Literal(h.Path+"[*]"))
	if h.Lone {
		list = fmt.Sprintf("case when json_type(%[1]s, %[2]s) = 'OBJECT' then [json_extract(%[1]s, %[2]s)] else %[3]s end", from, duck.Literal(h.Path), list)
	}
	if h.Gaps {
		list += fmt.Sprintf(" || json_extract(%s, %s)", from, duck.Literal(h.Path+".*"))
	}
	return list
}

// bodyText is the text at a path. In an exchange the body may stand as base64 beside it.
func (c Contract) bodyText(element, path string) string {
	text := fmt.Sprintf("json_extract_string(%s, %s)", element, duck.Literal(path))
	if c.Format.Type == Exchange && path == "$.body" {
		return fmt.Sprintf("coalesce(%s, try(decode(from_base64(json_extract_string(%s, '$.body_base64')))))", text, element)
	}
	return text
}
