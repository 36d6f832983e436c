package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fourmarketing/waybill/internal/testservers"
)

// TestForgetInASharedLake forgets somebody in a lake on S3 with a catalog in Postgres, which is published to Postgres too: nothing is left in the bucket, in the cache, in any
// table of the database, or in the copies of another machine after its next run.
func TestForgetInASharedLake(t *testing.T) {
	t.Parallel()
	s3, dsn := testservers.StartS3(t), testservers.StartPostgres(t)
	p := forgetfulDepot(t)
	p.edit("waybill.yaml", "lake: {root: lake}", fmt.Sprintf("lake: {root: 's3://%s/ops', catalog: '%s', cache: cache, s3: {endpoint: '%s', access_key: '%s', secret_key: '%s'}}",
		s3.Bucket, dsn, s3.Endpoint, s3.AccessKey.Reveal(), s3.SecretKey.Reveal()))
	p.edit("waybill.yaml", "publish: {duckdb: {path: marts.duckdb}}", "publish: {duckdb: {path: marts.duckdb}, postgres: {url: '"+dsn+"', schema: shown}}")
	p.edit("sql/partners/depot/stg_depot__despatch.sql", "tracking_no, _file_id", "tracking_no, email, _file_id")
	p.edit("sql/marts/fulfilment/fct_despatch.sql", "tracking_no, _file_id", "tracking_no, email, _file_id")
	p.edit("sql/marts/fulfilment/fct_despatch.sql", "  tracking_no: the parcel\n", "  tracking_no: the parcel\n  email: hash of the customer's address\n")
	p.write("in/DESP_1.csv", sent("AA1,07/04/2026 10:15,2,JD001,jane@example.com,Jane Doe,+4412345", "AA2,07/04/2026 10:15,1,JD002,joan@example.com,Joan Roe,+4467890"))
	p.pull(exitDone)
	mac := hmac.New(sha256.New, []byte("not a secret"))
	mac.Write([]byte("jane@example.com"))
	gone := []string{"jane@example.com", "jane doe", "+4412345", hex.EncodeToString(mac.Sum(nil))[:16]}
	other := &office{T: t, dir: t.TempDir()} // another machine with a cache of its own
	if err := os.CopyFS(other.dir, os.DirFS(p.dir)); err != nil {
		t.Fatal(err)
	}
	everywhere := func() map[string][]string {
		found := traces(t, s3.Folder, gone)
		for _, of := range []*office{p, other} {
			for text, where := range traces(t, filepath.Join(of.dir, "cache"), gone) {
				found[text] = append(found[text], where...)
			}
		}
		content := bytes.ToLower(database(t, dsn))
		for _, text := range gone {
			if bytes.Contains(content, []byte(text)) {
				found[text] = append(found[text], "the database")
			}
		}
		return found
	}
	if before := everywhere(); len(before) != len(gone) {
		t.Fatalf("there are traces only by %v: nothing can be shown", before)
	}
	p.must(exitDone, "forget", "--email", "jane@example.com", "--yes")
	other.pull(exitDone)
	for text, where := range everywhere() {
		t.Errorf("%q is still in %q", text, where)
	}
	if got := p.ask("select count(*) || ' ' || sum(qty) || ' ' || count(email) from marts.fct_despatch"); got != "2 3 1" {
		t.Errorf("rows, units and hashes %s, want 2 3 1", got)
	}
}
