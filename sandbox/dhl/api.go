package dhl

import (
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/fourmarketing/waybill/sandbox/servers"
	"github.com/fourmarketing/waybill/sandbox/world"
)

// api is DHL's Shipment Tracking – Unified API (https://developer.dhl.com/api-reference/shipment-tracking, v1.5).
type api struct {
	key    string
	limits servers.Limits
	parcel func(tracking string, at time.Time) (Parcel, bool)
	spoilt func(tracking string) world.Spoilt
	at     func() time.Time // the world's clock: what is known, and which day the quota is of
	now    func() time.Time // the wall clock: calls a second

	mu     sync.Mutex
	day    string
	calls  int
	second int64
	burst  int
	spent  bool // the allowance is to be found gone
}

// problem is RFC 7807's form of an error, as DHL fills it.
type problem struct {
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Instance string `json:"instance,omitempty"`
}

type dhlAddress struct {
	CountryCode     string `json:"countryCode,omitempty"`
	PostalCode      string `json:"postalCode,omitempty"`
	AddressLocality string `json:"addressLocality,omitempty"`
}

type dhlPlace struct {
	Address dhlAddress `json:"address"`
}

type dhlEvent struct {
	Timestamp   string    `json:"timestamp"`
	Location    *dhlPlace `json:"location,omitempty"`
	StatusCode  string    `json:"statusCode"`
	Status      string    `json:"status"`
	Description string    `json:"description"`
}

type dhlProduct struct {
	ProductName string `json:"productName"`
}

type dhlProof struct {
	Timestamp string `json:"timestamp"`
}

type dhlDetails struct {
	Product             dhlProduct `json:"product"`
	ProofOfDelivery     *dhlProof  `json:"proofOfDelivery,omitempty"`
	TotalNumberOfPieces int        `json:"totalNumberOfPieces"`
}

type dhlShipment struct {
	ID          string     `json:"id"`
	Service     string     `json:"service"`
	Origin      dhlPlace   `json:"origin"`
	Destination dhlPlace   `json:"destination"`
	Status      *dhlEvent  `json:"status,omitempty"`
	Details     dhlDetails `json:"details"`
	Events      []dhlEvent `json:"events"`
}

func (d *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/track/shipments" {
		refuse(w, problem{Title: "Not Found", Status: http.StatusNotFound, Detail: "Resource not found."})
		return
	}
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, problem{Title: "Method Not Allowed", Status: http.StatusMethodNotAllowed, Detail: "Use GET."})
		return
	}
	if subtle.ConstantTimeCompare([]byte(r.Header.Get("DHL-API-Key")), []byte(d.key)) != 1 {
		refuse(w, problem{Title: "Unauthorized", Status: http.StatusUnauthorized, Detail: "Unauthorized for given resource."})
		return
	}
	at := d.at()
	if wait := d.charge(at); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		refuse(w, problem{
			Title: "Too Many Requests", Status: http.StatusTooManyRequests,
			Detail: "Too many requests within defined time period, please try again later.",
		})
		return
	}
	q := r.URL.Query()
	number := q.Get("trackingNumber")
	if number == "" {
		refuse(w, problem{Title: "Bad request", Status: http.StatusBadRequest, Detail: "Required query parameter 'trackingNumber' is missing."})
		return
	}
	if servers.Spoil(w, d.spoilt(number), `{"shipments":[{"id":"`+number+`","service":"ecommerce","eve`) {
		return
	}
	p, ok := d.parcel(number, at)
	if service := q.Get("service"); !ok || (service != "" && service != p.Service) {
		refuse(w, problem{
			Title: "No result found", Status: http.StatusNotFound,
			Detail: "No shipment with given tracking number found.", Instance: "/shipment/" + number,
		})
		return
	}
	write(w, http.StatusOK, "application/json", map[string][]dhlShipment{"shipments": {shipmentOf(p)}})
}

// charge counts a call; it returns how long to wait when the call is one too many. The day is the world's, so that a
// quota is whole again after Advance to another day; it ends at 00:00 GMT.
func (d *api) charge(at time.Time) time.Duration {
	at = at.UTC()
	d.mu.Lock()
	defer d.mu.Unlock()
	if day := at.Format(time.DateOnly); day != d.day {
		d.day, d.calls = day, 0
	}
	if d.spent {
		d.calls, d.spent = d.limits.PerDay, false
	}
	if d.calls >= d.limits.PerDay {
		midnight := time.Date(at.Year(), at.Month(), at.Day()+1, 0, 0, 0, 0, time.UTC)
		return midnight.Sub(at)
	}
	now := d.now()
	if second := now.Unix(); second != d.second {
		d.second, d.burst = second, 0
	}
	if d.burst >= d.limits.PerSecond {
		return time.Second
	}
	d.burst++
	d.calls++
	return 0
}

// spend uses the allowance up until midnight GMT of the world's clock.
func (d *api) spend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spent = true
}

func shipmentOf(p Parcel) dhlShipment {
	out := dhlShipment{
		ID: p.TrackingNumber, Service: p.Service, Events: []dhlEvent{},
		Origin:      dhlPlace{dhlAddress{CountryCode: p.OriginCountry}},
		Destination: dhlPlace{dhlAddress{CountryCode: p.DestCountry, PostalCode: p.DestZip}},
		Details:     dhlDetails{Product: dhlProduct{p.Product}, TotalNumberOfPieces: 1},
	}
	for _, e := range p.Events {
		event := dhlEvent{Timestamp: e.LocalTime + e.Offset, StatusCode: e.StatusCode, Status: e.Status, Description: e.Description}
		if e.Country != "" || e.Locality != "" {
			event.Location = &dhlPlace{dhlAddress{CountryCode: e.Country, AddressLocality: e.Locality}}
		}
		if e.StatusCode == "delivered" && out.Details.ProofOfDelivery == nil {
			out.Details.ProofOfDelivery = &dhlProof{event.Timestamp}
		}
		out.Events = append(out.Events, event)
	}
	if len(out.Events) > 0 {
		out.Status = &out.Events[0]
	}
	return out
}

func refuse(w http.ResponseWriter, p problem) { write(w, p.Status, "application/problem+json", p) }

func write(w http.ResponseWriter, status int, kind string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that went away needs no answer
}
