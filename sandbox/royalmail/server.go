// Package royalmail is a carrier of the sandbox behind Royal Mail's Tracking API v2 (API definition "Royal Mail Tracking (for Server-side app)
// v2 REST API" 1.0.36, developer.royalmail.net): summaries of up to 30 numbers and the events of one, the app's credentials
// and its plan. It knows mail pieces as its caller tells them, and nothing of orders, warehouses or Waybill.
package royalmail

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxNumbers is how many numbers a summary may be asked for.
const maxNumbers = 30

// Options is what the API needs to know.
type Options struct {
	ClientID, ClientSecret string // of the one app that is subscribed
	Limits                 Limits
	// Piece is what Royal Mail knows of a number at an instant, and whether it knows it.
	Piece func(number string, at time.Time) (Piece, bool)
	// Unavailable, which may be nil, tells numbers that Royal Mail's own systems fail of, always.
	Unavailable func(number string) bool
	// Spoil, which may be nil, answers in place of the API when it is asked for the events of a number, and tells whether it did.
	Spoil func(w http.ResponseWriter, number string) bool
	At    func() time.Time // the world's clock: what is known, and which day the plan's calls are of
	Now   func() time.Time // the wall clock: calls a second
}

// Limits are the plan's calls. 0 means without limit. Royal Mail's smallest plan has 50 a day.
type Limits struct {
	PerSecond int
	PerDay    int // of a GMT day
}

// Piece is a mail piece as Royal Mail knows it. What is empty is left out of answers.
type Piece struct {
	Number              string // 1D barcode, such as AB123456789GB
	UniqueItemID        string // 2D barcode, 21 hexadecimal digits
	Product             Product
	Origin, Destination Country
	Events              []Event // newest first; without any there is no update to tell
	Estimated           Window
	Signatory           string // who signed for it, when the newest event is a delivery
}

// Product is what was bought: SD2 is Special Delivery Guaranteed, TPN01 Royal Mail Tracked 24, TPL01 Royal Mail Tracked 48.
type Product struct {
	ID, Name, Description string
	IsInternational       bool
}

// Country is a code and its name as Royal Mail writes them: GB, or GBR in its documentation, and United Kingdom.
type Country struct{ Code, Name string }

// Event is one scan.
type Event struct {
	At       time.Time
	Code     string // such as EVKSP
	Name     string // such as Delivered and Signed
	Location string // such as Stafford DO; not every event has one
}

// Window is when a delivery is expected.
type Window struct{ From, To time.Time }

// Server answers both operations. It is safe for use by several goroutines.
type Server struct {
	options Options
	zone    *time.Location

	mu     sync.Mutex
	day    string
	calls  int
	second int64
	burst  int
}

// New makes a server. Its error is a machine without time zones.
func New(o Options) (*Server, error) {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, fmt.Errorf("load Royal Mail's zone: %w", err)
	}
	return &Server{options: o, zone: zone}, nil
}

// ServeHTTP answers in the order of an API gateway: address, method, app, plan, headers, and only then the question.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/mailpieces/v2/")
	number, isEvents := strings.CutSuffix(path, "/events")
	switch at := s.options.At(); {
	case !ok || (path != "summary" && (!isEvents || number == "" || strings.Contains(number, "/"))):
		refuse(w, http.StatusNotFound, "")
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "The method is not allowed for the requested URL")
	case !same(r.Header.Get("X-IBM-Client-Id"), s.options.ClientID) || !same(r.Header.Get("X-IBM-Client-Secret"), s.options.ClientSecret):
		refuse(w, http.StatusUnauthorized, "Invalid client id or secret")
	case !s.charge(at):
		refuse(w, http.StatusTooManyRequests, "The rate limit has been exceeded for the plan or operation being used")
	case r.Header.Get("X-Accept-RMG-Terms") != "yes":
		refuse(w, http.StatusBadRequest, "", termsMissing())
	case isEvents:
		s.events(w, number, at)
	default:
		s.summary(w, r.URL.Query().Get("mailPieceId"), at)
	}
}

func same(got, want string) bool { return subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1 }

// charge counts a call and tells whether the plan has it. The day is the world's, so that a plan is whole again after another day has come.
func (s *Server) charge(at time.Time) bool {
	limits := s.options.Limits
	s.mu.Lock()
	defer s.mu.Unlock()
	if day := at.UTC().Format(time.DateOnly); day != s.day {
		s.day, s.calls = day, 0
	}
	if second := s.options.Now().Unix(); second != s.second {
		s.second, s.burst = second, 0
	}
	if (limits.PerDay > 0 && s.calls >= limits.PerDay) || (limits.PerSecond > 0 && s.burst >= limits.PerSecond) {
		return false
	}
	s.calls++
	s.burst++
	return true
}

// events answers with an object in mailPieces, or with an error of the one number.
func (s *Server) events(w http.ResponseWriter, number string, at time.Time) {
	if s.options.Spoil != nil && s.options.Spoil(w, number) {
		return
	}
	if s.isUnavailable(number) {
		// Royal Mail sends this with status 200; only the body says 503.
		write(w, http.StatusOK, errorAnswer{HTTPCode: 503, HTTPMessage: "Service Unavailable", Errors: []apiError{unavailable(number)}})
		return
	}
	p, ok := s.options.Piece(number, at)
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "", notRecognised(number))
	case len(p.Events) == 0:
		refuse(w, http.StatusNotFound, "", noUpdate(number))
	default:
		write(w, http.StatusOK, map[string]eventsPiece{"mailPieces": s.history(number, p)})
	}
}

// summary answers with a list in mailPieces, an entry for each number as asked. When none is known it is an error.
func (s *Server) summary(w http.ResponseWriter, list string, at time.Time) {
	numbers := strings.Split(list, ",")
	switch {
	case list == "":
		refuse(w, http.StatusBadRequest, "")
		return
	case len(numbers) > maxNumbers:
		refuse(w, http.StatusBadRequest, "", tooMany(len(numbers)))
		return
	}
	var pieces []summaryPiece
	var strangers []pieceStatus
	for _, n := range numbers {
		p, ok := s.options.Piece(n, at)
		switch {
		case s.isUnavailable(n):
			pieces = append(pieces, failed(n, http.StatusInternalServerError, trouble()))
		case !ok:
			pieces = append(pieces, failed(n, http.StatusNotFound, notFound()))
			strangers = append(strangers, pieceStatus{n, "404"})
		case len(p.Events) == 0:
			pieces = append(pieces, failed(n, http.StatusNotFound, noUpdate(n)))
		default:
			pieces = append(pieces, s.known(n, p))
		}
	}
	if len(strangers) == len(numbers) {
		write(w, http.StatusNotFound, errorAnswer{
			HTTPCode: "404", HTTPMessage: http.StatusText(http.StatusNotFound),
			MailPieces: strangers, Errors: []apiError{notRecognised(numbers[0])},
		})
		return
	}
	write(w, http.StatusOK, map[string][]summaryPiece{"mailPieces": pieces})
}

func (s *Server) isUnavailable(number string) bool {
	return s.options.Unavailable != nil && s.options.Unavailable(number)
}

// refuse answers with a status and what the definition has beside it.
func refuse(w http.ResponseWriter, status int, more string, errors ...apiError) {
	write(w, status, errorAnswer{
		HTTPCode: strconv.Itoa(status), HTTPMessage: http.StatusText(status), MoreInformation: more, Errors: errors,
	})
}

func write(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a client that went away needs no answer
}
