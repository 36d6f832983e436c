package project_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/project"
	"github.com/fourmarketing/waybill/transforms/typing"
)

// kinds are the words of tags; one that is mistyped there would be looked at by nobody.
const kinds = `- new source brand zone calendar currency time days order_key shipped_when service terms claim_terms worklist cron glob marker group mode
	size root catalog endpoint postgres schema role`

// TestEverySettingSaysWhatItNames wants each text in a configuration and a pipeline to say by its tag what it names, or that it names nothing:
// a setting that nobody looks at is how a typo gets into a mart. Contracts have their own checks (typing.Contract.Validate).
func TestEverySettingSaysWhatItNames(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, settings := range []any{project.Config{}, pipelines.Pipeline{}} {
		seen += untold(t, reflect.TypeOf(settings), reflect.TypeOf(settings).Name())
	}
	if seen < 40 {
		t.Errorf("only %d settings were looked at", seen)
	}
}

func untold(t *testing.T, of reflect.Type, at string) int {
	seen := 0
	for i := range of.NumField() {
		f := of.Field(i)
		if f.Tag.Get("yaml") == "" || f.Tag.Get("yaml") == "-" || f.Type == reflect.TypeFor[typing.Contract]() {
			continue
		}
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		here := at + "." + f.Name
		isText := inner.Kind() == reflect.String || (inner.Kind() == reflect.Map && inner.Elem().Kind() == reflect.Int64)
		switch {
		case inner.Kind() == reflect.Struct:
			seen += untold(t, inner, here)
		case isText:
			seen++
			kind, _, _ := strings.Cut(f.Tag.Get("names"), ",")
			if !slices.Contains(strings.Fields(kinds), kind) {
				t.Errorf("%s does not say what it names: %q; add names:\"…\", or names:\"-\" for a text that names nothing", here, kind)
			}
		}
	}
	return seen
}
