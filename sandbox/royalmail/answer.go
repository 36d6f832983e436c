package royalmail

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Forms of the API definition: date-time as YYYY-MM-DDThh:mm:ss±hh:mm, the estimated window as a date and two times hh:mm:ss±hh:mm.
const (
	instantForm = "2006-01-02T15:04:05-07:00"
	clockForm   = "15:04:05-07:00"
)

type errorAnswer struct {
	MailPieces      []pieceStatus `json:"mailPieces,omitempty"`
	HTTPCode        any           `json:"httpCode"` // a text; with E1307 a number
	HTTPMessage     string        `json:"httpMessage"`
	MoreInformation string        `json:"moreInformation,omitempty"`
	Errors          []apiError    `json:"errors,omitempty"`
}

type pieceStatus struct {
	MailPieceID string `json:"mailPieceId"`
	Status      string `json:"status"`
}

type apiError struct {
	Code        string `json:"errorCode"`
	Description string `json:"errorDescription"`
	Cause       string `json:"errorCause,omitempty"`
	Resolution  string `json:"errorResolution,omitempty"`
}

type summaryPiece struct {
	MailPieceID      string          `json:"mailPieceId"`
	Status           string          `json:"status"`
	CarrierShortName string          `json:"carrierShortName,omitempty"`
	CarrierFullName  string          `json:"carrierFullName,omitempty"`
	Summary          *summary        `json:"summary,omitempty"`
	Links            map[string]link `json:"links,omitempty"`
	Error            *apiError       `json:"error,omitempty"`
}

type eventsPiece struct {
	MailPieceID       string          `json:"mailPieceId"`
	CarrierShortName  string          `json:"carrierShortName"`
	CarrierFullName   string          `json:"carrierFullName"`
	Summary           *summary        `json:"summary"`
	Signature         *signature      `json:"signature,omitempty"`
	EstimatedDelivery *estimate       `json:"estimatedDelivery,omitempty"`
	Events            []event         `json:"events"`
	Links             map[string]link `json:"links"`
}

type summary struct {
	UniqueItemID           string `json:"uniqueItemId,omitempty"`
	OneDBarcode            string `json:"oneDBarcode"`
	ProductID              string `json:"productId,omitempty"`
	ProductName            string `json:"productName,omitempty"`
	ProductDescription     string `json:"productDescription,omitempty"`
	ProductCategory        string `json:"productCategory,omitempty"`
	DestinationCountryCode string `json:"destinationCountryCode,omitempty"`
	DestinationCountryName string `json:"destinationCountryName,omitempty"`
	OriginCountryCode      string `json:"originCountryCode,omitempty"`
	OriginCountryName      string `json:"originCountryName,omitempty"`
	LastEventCode          string `json:"lastEventCode"`
	LastEventName          string `json:"lastEventName"`
	LastEventDateTime      string `json:"lastEventDateTime"`
	LastEventLocationName  string `json:"lastEventLocationName,omitempty"`
	StatusDescription      string `json:"statusDescription"`
	StatusCategory         string `json:"statusCategory"`
	SummaryLine            string `json:"summaryLine"`
}

type signature struct {
	RecipientName     string `json:"recipientName"`
	SignatureDateTime string `json:"signatureDateTime"`
	ImageID           string `json:"imageId"`
}

type estimate struct {
	Date  string `json:"date"`
	Start string `json:"startOfEstimatedWindow"`
	End   string `json:"endOfEstimatedWindow"`
}

type event struct {
	Code     string `json:"eventCode"`
	Name     string `json:"eventName"`
	DateTime string `json:"eventDateTime"`
	Location string `json:"locationName,omitempty"`
}

type link struct {
	Href        string `json:"href"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

const (
	shortName = "RM"
	fullName  = "Royal Mail Group Ltd"
)

func (s *Server) known(number string, p Piece) summaryPiece {
	return summaryPiece{
		MailPieceID: number, Status: "200", CarrierShortName: shortName, CarrierFullName: fullName, Summary: s.summaryOf(p),
		Links: map[string]link{"events": {"/mailpieces/v2/" + p.Number + "/events", "Events", "Get events"}},
	}
}

func (s *Server) history(number string, p Piece) eventsPiece {
	out := eventsPiece{
		MailPieceID: number, CarrierShortName: shortName, CarrierFullName: fullName, Summary: s.summaryOf(p),
		Links: map[string]link{"summary": {"/mailpieces/v2/summary?mailPieceId=" + number, "Summary", "Get summary"}},
	}
	for _, e := range p.Events {
		out.Events = append(out.Events, event{e.Code, e.Name, s.instant(e.At), e.Location})
	}
	if !p.Estimated.From.IsZero() {
		from, to := p.Estimated.From.In(s.zone), p.Estimated.To.In(s.zone)
		out.EstimatedDelivery = &estimate{from.Format(time.DateOnly), from.Format(clockForm), to.Format(clockForm)}
	}
	if last := p.Events[0]; p.Signatory != "" && categoryOf(last.Code) == delivered {
		out.Signature = &signature{p.Signatory, s.instant(last.At), fmt.Sprintf("%06d", last.At.Unix()%1_000_000)}
		out.Links["signature"] = link{"/mailpieces/v2/" + number + "/signature", "Signature", "Get signature"}
	}
	return out
}

func (s *Server) summaryOf(p Piece) *summary {
	last := p.Events[0]
	category := categoryOf(last.Code)
	kind := "NON-INTERNATIONAL"
	if p.Product.IsInternational {
		kind = "INTERNATIONAL"
	}
	return &summary{
		UniqueItemID: p.UniqueItemID, OneDBarcode: p.Number,
		ProductID: p.Product.ID, ProductName: p.Product.Name, ProductDescription: p.Product.Description, ProductCategory: kind,
		DestinationCountryCode: p.Destination.Code, DestinationCountryName: p.Destination.Name,
		OriginCountryCode: p.Origin.Code, OriginCountryName: p.Origin.Name,
		LastEventCode: last.Code, LastEventName: last.Name, LastEventDateTime: s.instant(last.At), LastEventLocationName: last.Location,
		StatusCategory: category, StatusDescription: category[:1] + strings.ToLower(category[1:]),
		SummaryLine: strings.TrimSpace(fmt.Sprintf("Item %s: %s on %s. %s", p.Number, last.Name, last.At.In(s.zone).Format("02-01-2006"), p.Signatory)),
	}
}

// instant is empty for an event without a time.
func (s *Server) instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(s.zone).Format(instantForm)
}

const delivered = "DELIVERED"

// categoryOf is the status category of a piece whose newest event has this code. The category COLLECTED is a delivery: the addressee fetched it.
func categoryOf(code string) string {
	switch code {
	case "EVKOP", "EVKSP", "EVKSF", "EVKDN":
		return delivered
	case "EVNOC", "EVPLC":
		return "COLLECTED"
	}
	return "IN TRANSIT"
}

func failed(number string, status int, e apiError) summaryPiece {
	return summaryPiece{MailPieceID: number, Status: strconv.Itoa(status), Error: &e}
}

// Errors of the API definition, in its words.

func termsMissing() apiError {
	return apiError{
		"E0004", "Failed header validation for X-Accept-RMG-Terms", "The submitted request was not valid against the required header definition",
		"Please check the API request against the required header definition and re-submit",
	}
}

func notRecognised(number string) apiError {
	return apiError{"E1142", "Barcode reference " + number + " isn't recognised", "A mail item with that barcode cannot be located", "Check barcode and resubmit"}
}

func trouble() apiError {
	return apiError{"E0009", "Internal server error", "Business fulfilment system returned an error response", "Please try again later"}
}

// Errors whose codes are known and whose words are not: these words are the sandbox's own.

func tooMany(numbers int) apiError {
	return apiError{Code: "E0013", Description: fmt.Sprintf("%d mail pieces were asked for, the maximum is %d", numbers, maxNumbers)}
}

func notFound() apiError {
	return apiError{Code: "E2001", Description: "Tracking number not found"}
}

func noUpdate(number string) apiError {
	return apiError{Code: "E1308", Description: "No update is available for " + number}
}

func unavailable(number string) apiError {
	return apiError{Code: "E1307", Description: "Tracking of " + number + " is not available"}
}
