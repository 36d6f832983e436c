package dhl

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/fourmarketing/waybill/connectors/internal/rest"
)

// judge tells an answer about a number from what only came in its place. Which shipment an answer is about is for SQL to say.
//
// DHL writes a problem as RFC 7807 has it (developer.dhl.com/api-reference/shipment-tracking). 400 is about the number, and nothing was
// learned of it; of 404 DHL says that it knows nothing yet.
func judge(a rest.Answer) error {
	if a.Status == http.StatusBadRequest {
		return &rest.UnusableError{Answer: a, Problem: "400 Bad Request", Refused: true}
	}
	var body struct {
		Title     string            `json:"title"`
		Shipments []json.RawMessage `json:"shipments"`
	}
	if err := a.JSON(&body); err != nil {
		return err
	}
	if a.Status == http.StatusNotFound {
		if body.Title == "" {
			return &rest.UnusableError{Answer: a, Problem: "404 without DHL's title"}
		}
		return nil
	}
	if len(body.Shipments) == 0 {
		return &rest.UnusableError{Answer: a, Problem: fmt.Sprintf("%d without a shipment", a.Status)}
	}
	return nil
}
