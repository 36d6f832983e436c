package testservers_test

import (
	"database/sql"
	"net/http"
	"testing"

	"github.com/fourmarketing/waybill/internal/testservers"
)

func TestS3Answers(t *testing.T) {
	t.Parallel()
	s := testservers.StartS3(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Endpoint+"/"+s.Bucket, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("an unsigned request got %s, want 403: the gateway has to check keys", res.Status)
	}
}

func TestPostgresAnswers(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("pgx", testservers.StartPostgres(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var n int
	if err := db.QueryRowContext(t.Context(), "select 40 + 2").Scan(&n); err != nil || n != 42 {
		t.Fatalf("got %d, %v", n, err)
	}
}
