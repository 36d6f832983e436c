package adyen

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
)

// api is the download of reports from Adyen's Customer Area
// (https://docs.adyen.com/reporting/automatically-get-reports): /reports/download/MerchantAccount/<account>/<file>.
type api struct {
	user, password, key string
	reports             func(account string, at time.Time) []Report
	at                  func() time.Time
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
func (a *api) known(r *http.Request) bool {
	if key := r.Header.Get("X-API-Key"); key != "" {
		return servers.Same(key, a.key)
	}
	user, password, ok := r.BasicAuth()
	return ok && servers.Same(user, a.user) && servers.Same(password, a.password)
}
