package load

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

	"github.com/fourmarketing/waybill/transforms/typing"
)

// value is a value of JSON as it is written: members in their order, also those that are there twice, numbers with all their digits.
type value struct {
	token any      // a scalar: string, json.Number, bool, nil; of lists and objects json.Delim
	keys  []string // of an object
	kids  []*value
	inner *value // of a text that is JSON, if the contract looks into it
	// isPacked is of a text that stands for bytes, in base64: an answer that is no UTF-8 in an exchange log.
	isPacked bool
}

// nested is a record of JSON without the subjects' data, nil if it has none.
func (e *Eraser) nested(text []byte, done *Erased) []byte {
	v, ok := readValue(text)
	if !ok {
		if !e.bears(string(text)) {
			return nil
		}
		done.Found++
		return e.starred(text)
	}
	u := unit{Eraser: e, done: done}
	if !u.erase(v, e.tree.root) {
		return nil
	}
	return v.append(nil)
}

func readValue(text []byte) (*value, bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := readNext(d)
	if err != nil {
		return nil, false
	}
	_, err = d.Token()
	return v, errors.Is(err, io.EOF)
}

func readNext(d *json.Decoder) (*value, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	v := &value{token: token}
	if _, isContainer := token.(json.Delim); !isContainer {
		return v, nil
	}
	for d.More() {
		if token == json.Delim('{') {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			v.keys = append(v.keys, name)
		}
		kid, err := readNext(d)
		if err != nil {
			return nil, err
		}
		v.kids = append(v.kids, kid)
	}
	_, err = d.Token()
	return v, err
}

// append writes the value.
func (v *value) append(to []byte) []byte {
	switch v.token {
	case json.Delim('['), json.Delim('{'):
		open, end := byte('['), byte(']')
		if v.token == json.Delim('{') {
			open, end = '{', '}'
		}
		to = append(to, open)
		for i, kid := range v.kids {
			if i > 0 {
				to = append(to, ',')
			}
			if open == '{' {
				to = append(appendText(to, v.keys[i]), ':')
			}
			to = kid.append(to)
		}
		return append(to, end)
	}
	switch token := v.token.(type) {
	case string:
		if v.inner != nil {
			token = string(v.inner.append(nil))
			if v.isPacked {
				token = base64.StdEncoding.EncodeToString([]byte(token))
			}
		}
		return appendText(to, token)
	case json.Number:
		return append(to, token...)
	case bool:
		return strconv.AppendBool(to, token)
	}
	return append(to, "null"...)
}

func appendText(to []byte, text string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return append(to, `""`...) // of a string there is no error
	}
	return append(to, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

func (v *value) isObject() bool { return v.token == json.Delim('{') }
func (v *value) isList() bool   { return v.token == json.Delim('[') }

// scalar is a text, or a number as it is written.
func (v *value) scalar() string {
	switch token := v.token.(type) {
	case string:
		if body, err := base64.StdEncoding.DecodeString(token); v.isPacked && err == nil {
			return string(body)
		}
		return token
	case json.Number:
		return token.String()
	}
	return ""
}

// unit erases in one record, and in the records that it is made of.
type unit struct {
	*Eraser
	done *Erased
}

// sub is a value inside another, the nodes at which it stands, and whether it is a record of its own.
type sub struct {
	*value
	at     []*node
	isUnit bool
}

// subs are the values inside.
func (u unit) subs(v *value, at []*node) []sub {
	switch {
	case v.isObject():
		all := make([]sub, len(v.kids))
		for i, kid := range v.kids {
			entries := behind(at, typing.Step{Values: true})
			all[i] = sub{kid, append(entries, behind(at, typing.Step{Member: u.member(v.keys[i], kid)})...), len(entries) > 0}
		}
		return all
	case v.isList():
		all := make([]sub, len(v.kids))
		for i, kid := range v.kids {
			entries := behind(at, typing.Step{Entry: "*"})
			isUnit := len(entries) > 0
			all[i] = sub{kid, append(append(entries, behind(at, typing.Step{Entry: strconv.Itoa(i)})...), kid.picked(at)...), isUnit}
		}
		return all
	case v.inner == nil:
		_, isText := v.token.(string)
		if !isText || len(behind(at, typing.Step{Text: true})) == 0 {
			return nil
		}
		inner, ok := readValue([]byte(v.scalar()))
		if !ok || (!inner.isObject() && !inner.isList()) {
			return nil
		}
		v.inner = inner
	}
	return []sub{{v.inner, behind(at, typing.Step{Text: true}), false}}
}

// member is the name by which a contract knows a member. In an exchange log an answer that is no text has another: see connectors/internal/rest.
func (u unit) member(key string, v *value) string {
	if u.contract.Format.Type != typing.Exchange || (key != "body_base64" && key != "unread") {
		return key
	}
	if v.isPacked = true; key == "body_base64" {
		return "body"
	}
	return key
}

// picked are the nodes of an entry that the contract finds by one of its members.
func (v *value) picked(at []*node) []*node {
	members := map[string]any{}
	for i, key := range v.keys {
		members[key] = v.kids[i].token
	}
	return picked(members, at)
}

// erase takes what is the subjects' out of a record: all of it if the record itself is theirs, else what is theirs of the records in it.
func (u unit) erase(v *value, at []*node) bool {
	byEmail, is := u.isOf(v, at)
	if !is && !byEmail {
		return u.inside(v, at)
	}
	u.done.Found++
	var own map[Name]bool
	if byEmail {
		own = u.done.Names
	}
	u.note(v, at, own)
	return u.take(v, at, false)
}

func (u unit) inside(v *value, at []*node) bool {
	changed := false
	for _, s := range u.subs(v, at) {
		if s.isUnit {
			changed = u.erase(s.value, s.at) || changed
		} else {
			changed = u.inside(s.value, s.at) || changed
		}
	}
	return changed
}

// isOf tells whether a record is a subject's, by what stands in it and not in the records that it is made of.
func (u unit) isOf(v *value, at []*node) (byEmail, byName bool) {
	subs := u.subs(v, at)
	if v.kids == nil && len(subs) == 0 {
		text := v.scalar()
		return u.bears(text), u.named(takesAt(at), text)
	}
	for i, s := range subs {
		if s.isUnit {
			continue
		}
		e, n := u.isOf(s.value, s.at)
		if v.isObject() {
			e = e || u.bears(v.keys[i])
		}
		byEmail, byName = byEmail || e, byName || n
	}
	return byEmail, byName
}

// note remembers what is named in a record that was found; in own, too, which may be nil.
func (u unit) note(v *value, at []*node, own map[Name]bool) {
	for _, n := range names(takesAt(at), v.scalar()) {
		u.done.note(n, own)
	}
	for _, s := range u.subs(v, at) {
		u.note(s.value, s.at, own)
	}
}

// take erases all of a record that is a subject's. isWanted is inside what a column takes whole.
func (u unit) take(v *value, at []*node, isWanted bool) bool {
	subs := u.subs(v, at)
	changed := false
	isWanted = isWanted || isNeeded(at) || isWhole(takesAt(at))
	for i, s := range subs {
		changed = u.take(s.value, s.at, isWanted) || changed
		if v.isObject() && u.bears(v.keys[i]) {
			v.keys[i], changed = u.without(v.keys[i]), true
		}
	}
	if len(subs) > 0 || v.isObject() || v.isList() {
		return changed
	}
	was := v.scalar()
	left := u.left(was, takesAt(at), isWanted)
	if left == was {
		return false
	}
	if v.token, v.isPacked = left, false; left == "" {
		v.token = nil
	}
	return true
}

// isWhole tells whether a column takes all of what stands somewhere, and none calls it personal.
func isWhole(takes []typing.Column) bool {
	var s sight
	for _, col := range takes {
		s.admit(col)
	}
	return s.whole()
}

// isNeeded tells whether the contract finds something by what stands at some nodes, such as an entry of a list or a table's records.
func isNeeded(at []*node) bool {
	return slices.ContainsFunc(at, func(n *node) bool { return n.sight.mapped && len(n.takes) == 0 })
}

// takesAt are the columns that take what stands at some nodes.
func takesAt(at []*node) []typing.Column {
	var all []typing.Column
	for _, n := range at {
		all = append(all, n.takes...)
	}
	return all
}
