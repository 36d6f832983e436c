package models_test

import (
	"testing"

	wsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/models"
)

// The warehouse's own SQL is written as the house writes SQL.
func TestStyleOfTheWarehouse(t *testing.T) {
	t.Parallel()
	for _, err := range models.CheckStyle(wsql.Files) {
		t.Error(err)
	}
}
