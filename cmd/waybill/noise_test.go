package main

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// The noise is what a lake has after some years and a demo of a few weeks has not: what was true until a newer answer came, codes of other partners
// that look alike. No mart may be another for it.

// answered are the raw tables that hold answers, of which the newest about a thing counts. Files of warehouses and reports of accounts are
// replaced when they are loaded, and are not in them.
var answered = regexp.MustCompile(`^(shop|woo|stripe|royal_mail)_`)

// kept are columns that say what a row is about, or when it was told: an older answer has the same there. Of a carrier's answers the words are its
// own codes.
var (
	kept        = regexp.MustCompile(`^_|(_gid|_id|_key)$|^(currency|asked_at|updated_at|order_updated_at|modified_at|order_modified_at|status_code|net_currency)$|_currency$`)
	keptCarrier = regexp.MustCompile(`tracking|piece|source|status|_code$`)
)

// telling is how an answer was told otherwise than another: what is added to its times, its file and its line as SQL.
type telling struct{ asked, received, file, line string }

// older are the ways in which an answer is not the newest: when it was asked, when it was received, by its file, by its line. Whatever decides
// later says otherwise.
var older = []telling{
	{"- interval 1 day", "", "'zz' || _file_id", "_line + 1000000"},
	{"", "- interval 1 day", "'zz' || _file_id", "_line + 1000000"},
	{"", "", "'!' || _file_id", "_line + 1000000"},
	{"", "", "_file_id", "-_line"},
}

// outdate puts older answers beside every answer, in which amounts, counts and texts are others.
func outdate(ctx context.Context, db *sql.DB, names []waybill.TableName) error {
	for _, name := range names {
		if name.Namespace != "raw" || !answered.MatchString(name.Name) || strings.HasSuffix(name.Name, "_events") || strings.HasSuffix(name.Name, "_failures") {
			continue // scans and questions without an answer are all of them, whenever they were told
		}
		table := "stored.main." + duck.Ident(name.String())
		types, err := columnTypes(ctx, db, table)
		if err != nil {
			return err
		}
		asked := ""
		for _, c := range []string{"asked_at", "modified_at", "order_modified_at"} {
			if types[c] != "" && asked == "" {
				asked = c
			}
		}
		if _, err := db.ExecContext(ctx, "create or replace table stored.main.newest as select * from "+table); err != nil {
			return err
		}
		for _, o := range older {
			if o.asked != "" && asked == "" {
				continue
			}
			if _, err := db.ExecContext(ctx, "insert into "+table+" by name select "+spoilt(types, asked, o)+" from stored.main.newest"); err != nil {
				return fmt.Errorf("outdate %s: %w", name, err)
			}
		}
	}
	return nil
}

// spoilt lists the columns of an older answer.
func spoilt(types map[string]string, asked string, as telling) string {
	var items []string
	for c, kind := range types {
		value := duck.Ident(c)
		switch {
		case c == "_file_id":
			value = as.file
		case c == "_line":
			value = as.line
		case c == "_received_at":
			value += " " + as.received
		case c == asked:
			value += " " + as.asked
		case kept.MatchString(c) || (types["tracking_no"] != "" && types["mail_piece_id"] != "" && keptCarrier.MatchString(c)):
		case strings.HasPrefix(kind, "TIMESTAMP"):
			value += " + interval 1 hour"
		case strings.HasPrefix(kind, "DECIMAL"):
			value += " + 1.11"
		case kind == "INTEGER" || kind == "BIGINT":
			value += " + 1"
		case kind == "VARCHAR":
			value = "'old ' || " + value
		}
		items = append(items, value+" as "+duck.Ident(c))
	}
	slices.Sort(items)
	return strings.Join(items, ", ")
}

// entangle links every source with every brand in a role that nobody has, and adds a carrier whom nobody asks.
func entangle(ctx context.Context, db *sql.DB) error {
	for _, text := range []string{
		`insert into stored.main."ops.links" by name select distinct 'nobody-role' as role, l.source, b.brand, l.account, l.site, 'ZZ' as order_prefix, 'any' as order_key, 0 as place
			from stored.main."ops.links" as l cross join stored.main."ops.brands" as b`,
		`insert into stored.main."ops.carriers" by name select 'nobody-carrier' as carrier, '' as source, 'nobody' as terms`,
	} {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("entangle: %w", err)
		}
	}
	return nil
}

// Lists that are looked up for all partners together have no decoys.
const ofAll = "('carrier_words', 'tracking_numbers')"

// repeat has a shop that is nobody's tell everything that a shop of the group tells, by the same ids.
func repeat(ctx context.Context, db *sql.DB, names []waybill.TableName) error {
	for _, name := range names {
		if name.Namespace != "raw" || !regexp.MustCompile(`^(shop|woo)_`).MatchString(name.Name) {
			continue
		}
		table := "stored.main." + duck.Ident(name.String())
		types, err := columnTypes(ctx, db, table)
		if err != nil {
			return err
		}
		text := strings.Replace(spoilt(types, "", telling{received: "+ interval 1 day", file: "'zzz' || _file_id", line: "_line"}), `"_source" as`, `'nobody-' || "_source" as`, 1)
		if _, err := db.ExecContext(ctx, "insert into "+table+" by name select "+text+" from "+table); err != nil {
			return fmt.Errorf("repeat %s: %w", name, err)
		}
	}
	return nil
}

// mislead puts codes beside every code, of another partner and of another list, that mean what another code of the list does.
func mislead(ctx context.Context, s *models.Session) error {
	if err := s.Bring(ctx, []waybill.TableName{{Namespace: models.Seeds, Name: "codes"}}, nil); err != nil {
		return err
	}
	for _, as := range []string{"'decoy' as partner, list", "partner, 'decoy' as list"} {
		err := scanOne(ctx, s, `insert into seeds.codes by name select * exclude (partner, list, meaning, detail),
			case when meaning = max(meaning) over other then min(meaning) over other else max(meaning) over other end as meaning, 'decoy' as detail, `+as+`
			from seeds.codes where partner <> 'decoy' and list <> 'decoy' and list not in `+ofAll+" window other as (partition by partner, list)", new(int64))
		if err != nil {
			return fmt.Errorf("mislead: %w", err)
		}
	}
	return nil
}
