package sandbox

import (
	"bytes"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/world"
)

// adyen is the download of reports from Adyen's Customer Area
// (https://docs.adyen.com/reporting/automatically-get-reports): /reports/download/MerchantAccount/<account>/<file>.
type adyen struct {
	access  AdyenAccess
	reports func(account string, at time.Time) []world.Report
	at      func() time.Time
}

func (a *adyen) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	if !a.known(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="Adyen Customer Area"`)
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/reports/download/MerchantAccount/")
	account, name, both := strings.Cut(rest, "/")
	if !ok || !both {
		http.NotFound(w, r)
		return
	}
	at := a.at()
	for _, report := range a.reports(account, at) {
		if report.Name == name && !report.AvailableAt.After(at) {
			w.Header().Set("Content-Type", "text/csv;charset=utf-8")
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			http.ServeContent(w, r, name, report.AvailableAt, bytes.NewReader(report.Body))
			return
		}
	}
	http.NotFound(w, r)
}

// known accepts the report user or the API key.
func (a *adyen) known(r *http.Request) bool {
	if key := r.Header.Get("X-API-Key"); key != "" {
		return same(key, a.access.APIKey)
	}
	user, password, ok := r.BasicAuth()
	return ok && same(user, a.access.User) && same(password, a.access.Password)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
