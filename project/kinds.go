package project

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/currency"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/transforms/models"
)

// kinds are what settings can name in this project. A kind whose words come from a seed or a fact is left out where the project has none of
// that name: then nothing reads the setting either.
func (r *resolution) kinds() pipelines.Kinds {
	kinds := pipelines.Kinds{
		"new":          func(string) error { return nil },
		"brand":        pipelines.OneOf("brand", "write it as under brands, or add it there", r.brands()),
		"source":       pipelines.OneOf("connection", "write it as under connections, or add it there", r.config.Sources()),
		"zone":         pipelines.Zone(words(r.Models, "zones_by_place", "zone")),
		"currency":     pipelines.OneOf("currency", "write its code of ISO 4217, such as GBP", currencies()),
		"time":         pipelines.ClockTime,
		"shipped_when": pipelines.OneOf("meaning of shipped", "write despatched (the warehouse's own time) or accepted (the carrier's scan)", []string{"despatched", "accepted"}),
		"order_key":    pipelines.OneOf("name of an order's key", "write name, number or any", []string{"name", "number", "any"}),
		"size":         memorySize, "root": lakeRoot, "catalog": lakeCatalog, "endpoint": endpoint,
		"postgres": postgresURL, "schema": schemaName, "role": roleName,
	}
	add := func(kind, what, remedy string, known []string) {
		if len(known) > 0 {
			kinds[kind] = pipelines.OneOf(what, remedy, known)
		}
	}
	add("calendar", "calendar", "take one of seeds.calendars: a country's ISO code, or GB-EAW, GB-SCT, GB-NIR", words(r.Models, "calendars", "calendar"))
	add("claim_terms", "name of claim terms", "take one of seeds.claim_rules", words(r.Models, "claim_rules", "carrier"))
	add("terms", "carrier that Waybill has codes of", "take one that sql/partners has, or leave terms and source out", r.carrierTerms())
	add("service", "service", "write one of the words that orders have", r.services())
	var lists []string
	for _, w := range r.Models.Worklists() {
		lists = append(lists, w.Name)
	}
	add("worklist", "worklist", "take one of sql/partners/*/worklists", lists)
	return kinds
}

func (r *resolution) brands() []string {
	var names []string
	for _, b := range r.config.Brands {
		names = append(names, b.Brand)
	}
	return names
}

// Sources are the names of the connections, sorted.
func (c *Config) Sources() []string { return slices.Sorted(maps.Keys(c.Connections)) }

// words are the values of a seed's column, sorted, each once; none where the project has no such seed.
func words(p *models.Project, seed, column string) []string {
	s := p.Seed(seed)
	if s == nil {
		return nil
	}
	rows, err := s.Values(column)
	if err != nil {
		return nil // a seed of the project's own, by another meaning
	}
	seen := map[string]bool{}
	for _, row := range rows {
		seen[row[0]] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// carrierTerms are the carriers that partners' code maps know by a word or by the form of a number.
func (r *resolution) carrierTerms() []string {
	codes := r.Models.Seed("codes")
	if codes == nil {
		return nil
	}
	rows, err := codes.Values("list", "meaning")
	if err != nil {
		return nil // see words
	}
	seen := map[string]bool{}
	for _, row := range rows {
		if row[0] == "carrier_words" || row[0] == "tracking_numbers" {
			seen[row[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// services are the words that the fact orders declares.
func (r *resolution) services() []string {
	for _, f := range r.Models.Facts() {
		if f.Name.Name != "orders" {
			continue
		}
		for _, c := range f.Columns {
			if c.Name == "service" {
				return c.Words
			}
		}
	}
	return nil
}

// currencies are those that are legal tender somewhere now.
func currencies() []string {
	var codes []string
	for q := currency.Query(); q.Next(); {
		codes = append(codes, q.Unit().String())
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// sizeText is what DuckDB takes for a size, and has a unit.
var sizeText = regexp.MustCompile(`^(?i)\d+(\.\d+)? ?([KMGT](i?B)?|B)$`)

func memorySize(value string) error {
	if sizeText.MatchString(value) {
		return nil
	}
	return fmt.Errorf("%q is no size; write a number and a unit, such as 512MB or 4GB", value)
}

func lakeRoot(value string) error {
	rest, isBucket := strings.CutPrefix(value, "s3://")
	if (isBucket && rest != "" && rest[0] != '/') || (!isBucket && !strings.Contains(value, ":/")) {
		return nil
	}
	return fmt.Errorf("%q is neither a folder nor s3://bucket/prefix", value)
}

func lakeCatalog(value string) error {
	if p, ok := strings.CutPrefix(value, "sqlite:"); ok && p != "" {
		return nil
	}
	if strings.HasPrefix(value, "postgres://") || strings.HasPrefix(value, "postgresql://") {
		return postgresURL(value)
	}
	return fmt.Errorf("is neither sqlite:<path> nor postgres://user@host/database")
}

func endpoint(value string) error {
	if strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://") {
		return nil
	}
	return fmt.Errorf("%q is no address; write https://host", value)
}

// postgresURL never repeats the value, which has a password in it.
func postgresURL(value string) error {
	if _, err := pgx.ParseConfig(value); err != nil {
		return fmt.Errorf("is no address of a Postgres database; write postgres://user@host:5432/database, with what is no letter or digit in the password as %%XX")
	}
	return nil
}

const maxSchema = 40 // Postgres has 63 bytes for a name, and former releases' schemas have a longer one

func schemaName(value string) error {
	lower := strings.ToLower(value)
	if lower == "public" || lower == "information_schema" || strings.HasPrefix(lower, "pg_") {
		return fmt.Errorf("%q belongs to the database: the schema of marts is replaced whole at each release; name one of its own, such as marts", value)
	}
	if len(value) > maxSchema {
		return fmt.Errorf("%q is longer than %d letters; name a shorter one", value, maxSchema)
	}
	return nil
}

func roleName(value string) error {
	if lower := strings.ToLower(value); lower == "public" || lower == "none" || strings.HasPrefix(lower, "pg_") {
		return fmt.Errorf("%q is a word of Postgres and no role that can be given rights; name a role, such as bi_readers", value)
	}
	return nil
}
