package landing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
)

// What Royal Mail published, in the lines that its connector writes for it.
func TestRoyalMailPublishedAnswers(t *testing.T) {
	t.Parallel()
	read := func(name string) []byte { return read(t, "connectors/royalmail/"+name) }
	l := land(t, feed(t, "royal_mail", "tracking"), exchange(t,
		answer{`{"endpoint":"summary","answered":[{"number":"090367574000000FE1E1B","known":true},{"number":"ZZ000000000GB","known":false}]}`, 200, read("summary_partial.json")},
		answer{`{"endpoint":"summary","answered":[{"number":"WL999999999GB","known":true}]}`, 200, read("summary_tracked.json")},
		answer{`{"endpoint":"summary","answered":[{"number":"090367574000000FE1E1B","known":false}]}`, 200, read("summary_error.json")},
		answer{`{"endpoint":"events","answered":[{"number":"FQ087430672GB","known":true}]}`, 200, read("events.json")},
		answer{`{"endpoint":"events","answered":[{"number":"WL999999999GB","known":false}]}`, 404, read("not_found.json")},
		answer{`{"endpoint":"events","unanswered":["WL551794060GB"],"problem":"200 with httpCode 503 E1307"}`, 200, read("unavailable.json")},
	)).all(6)
	l.rows("royal_mail_answers", "tracking_no endpoint is_known status_code asked_at error_code",
		"090367574000000FE1E1B | summary | true | 200 | 2026-04-01 06:00:00.25+00 | ∅",
		"ZZ000000000GB | summary | false | 200 | 2026-04-01 06:00:00.25+00 | ∅",
		"WL999999999GB | summary | true | 200 | 2026-04-01 06:00:00.25+00 | ∅",
		"090367574000000FE1E1B | summary | false | 200 | 2026-04-01 06:00:00.25+00 | ∅",
		"FQ087430672GB | events | true | 200 | 2026-04-01 06:00:00.25+00 | ∅",
		"WL999999999GB | events | false | 404 | 2026-04-01 06:00:00.25+00 | E1142")
	l.rows("royal_mail_failures", "tracking_no endpoint status_code problem", "WL551794060GB | events | 200 | 200 with httpCode 503 E1307")
	l.rows("royal_mail_summaries", "mail_piece_id status_code error_code unique_item_id one_d_id product_id product_name destination_country status_category status_description last_event_code last_event_raw last_event_location",
		"090367574000000FE1E1B | 200 | ∅ | 090367574000000FE1E1B | FQ087430672GB | SD2 | Special Delivery Guaranteed | GBR | IN TRANSIT | It's being redirected | EVNMI | 2016-10-20T10:04:00+0000 | Stafford DO",
		"ZZ000000000GB | 404 | E2001 | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅",
		"WL999999999GB | 200 | ∅ | 0B043748500002A37AB10 | WL551794060GB | TPL | Royal Mail Tracked 48 | ∅ | We've got it | We've got it | EVBAH | 2021-04-08T23:24:18+01:00 | North West DC",
		"090367574000000FE1E1B | 200 | E1142 | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅ | ∅")
	l.rows("royal_mail_pieces", "tracking_no mail_piece_id one_d_id product_id product_category origin_country destination_country status_category last_event_code estimated_date estimated_from estimated_to signed_raw",
		"FQ087430672GB | 090367574000000FE1E1B | FQ087430672GB | SD2 | NON-INTERNATIONAL | GBR | GBR | IN TRANSIT | EVNMI | 2017-02-20 | 08:00:00+01:00 | 11:00:00+01:00 | 2016-10-20T10:04:00+01:00")
	l.rows("royal_mail_events", "tracking_no mail_piece_id event_code occurred_raw location",
		"FQ087430672GB | 090367574000000FE1E1B | EVNMI | 2016-10-20T10:04:00+01:00 | Stafford DO")
}

// The signatory and the texts that may name one are in no table.
func TestRoyalMailNamesNobody(t *testing.T) {
	t.Parallel()
	l := land(t, feed(t, "royal_mail", "tracking"), exchange(t,
		answer{
			`{"endpoint":"events","answered":[{"number":"FQ087430672GB","known":true}]}`, 200,
			[]byte(strings.ReplaceAll(string(read(t, "connectors/royalmail/events.json")), "Forwarded - Mis-sort", "Delivered by Simon")),
		},
	)).all(1)
	looked := 0
	for name, files := range l.Files {
		for _, f := range files {
			var text string
			if err := l.db.QueryRowContext(t.Context(), fmt.Sprintf("select string_agg(to_json(t)::varchar, '') from read_parquet(%s) t", duck.Literal(f.Path))).Scan(&text); err != nil {
				t.Fatal(err)
			}
			looked++
			for _, personal := range []string{"Simon", "001234"} {
				if strings.Contains(text, personal) {
					t.Errorf("%s has %s: %s", name, personal, text)
				}
			}
		}
	}
	if looked < 3 {
		t.Errorf("only %d tables were written", looked)
	}
}

// Times stay as they were sent, and the cast that staging uses reads all forms that occur as one instant; what is no time is null.
func TestRoyalMailTimes(t *testing.T) {
	t.Parallel()
	times := []string{"2026-03-30T10:15:00+01:00", "2026-03-30T10:15:00+0100", "2026-03-30T09:15:00Z", "2026-03-30T09:15:00.000Z", "2026-03-30T09:15:00+0000", "2026-03-30T10:15:00.000+01:00", "soon", "2026-02-30T10:00:00Z"}
	var events []string
	for _, at := range times {
		events = append(events, fmt.Sprintf(`{"eventCode":"EVGPD","eventDateTime":%q}`, at))
	}
	l := land(t, feed(t, "royal_mail", "tracking"), exchange(t, answer{
		`{"endpoint":"events","answered":[{"number":"AB123456789GB","known":true}]}`, 200,
		[]byte(`{"mailPieces":{"mailPieceId":"AB123456789GB","events":[` + strings.Join(events, ",") + `]}}`),
	})).all(1)
	var paths []string
	for _, f := range l.Files[waybill.TableName{Namespace: "raw", Name: "royal_mail_events"}] {
		paths = append(paths, f.Path)
	}
	rows, err := l.db.QueryContext(t.Context(), "select occurred_raw, coalesce(cast(try_cast(occurred_raw as timestamptz) as varchar), '∅') from read_parquet("+duck.List(paths)+")")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var seen []string
	for rows.Next() {
		var raw, instant string
		if err := rows.Scan(&raw, &instant); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, raw)
		want := "2026-03-30 09:15:00+00"
		if raw == "soon" || strings.HasPrefix(raw, "2026-02-30") {
			want = "∅"
		}
		if instant != want {
			t.Errorf("%s is read as %s, want %s", raw, instant, want)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(seen)
	slices.Sort(times)
	if !slices.Equal(seen, times) {
		t.Errorf("times %q, want %q", seen, times)
	}
}
