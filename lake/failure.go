package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"

	"github.com/apache/iceberg-go/catalog"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fourmarketing/waybill"
)

// temporary marks an error with the root's sentinel that tells callers what to do about it: gone, refused, or worth
// another try. Errors that say none of these pass unchanged.
func temporary(err error) error {
	if err == nil || errors.Is(err, waybill.ErrTemporary) || errors.Is(err, waybill.ErrNotFound) || errors.Is(err, waybill.ErrAuth) {
		return err
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}

// ErrRefused says that the lake's own store or catalog does not take the credential that waybill.yaml has for it. No partner has to do with it.
var ErrRefused = fmt.Errorf("the lake's own store or catalog refused the credential, no partner did: check lake.s3 and lake.catalog in waybill.yaml, and what that account may do; then: waybill doctor: %w", waybill.ErrAuth)

func kindOf(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, catalog.ErrNoSuchTable), errors.Is(err, catalog.ErrNoSuchNamespace):
		return waybill.ErrNotFound
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EIO),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, context.DeadlineExceeded):
		return waybill.ErrTemporary
	}
	if res := (*awshttp.ResponseError)(nil); errors.As(err, &res) {
		return kindOfStatus(res.HTTPStatusCode())
	}
	if nerr := net.Error(nil); errors.As(err, &nerr) {
		return waybill.ErrTemporary
	}
	if op := (*smithy.OperationError)(nil); errors.As(err, &op) {
		return waybill.ErrTemporary // no answer at all: the connection was cut before one came
	}
	return kindOfDatabase(err)
}

func kindOfStatus(code int) error {
	switch {
	case code == http.StatusNotFound:
		return waybill.ErrNotFound
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return ErrRefused
	case code >= http.StatusInternalServerError, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code < http.StatusBadRequest:
		return waybill.ErrTemporary
	}
	return nil
}

// kindOfDatabase knows the codes of SQLite (https://sqlite.org/rescode.html) and the classes of PostgreSQL
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func kindOfDatabase(err error) error {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR:
			return waybill.ErrTemporary
		}
		return nil
	}
	if e := (*pgconn.ConnectError)(nil); errors.As(err, &e) || pgconn.SafeToRetry(err) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return waybill.ErrTemporary
	}
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) && len(e.Code) == 5 {
		switch e.Code[:2] {
		case "08", "40", "53", "57": // connection, serialisation, resources, operator
			return waybill.ErrTemporary
		case "28":
			return ErrRefused
		}
	}
	return nil
}
