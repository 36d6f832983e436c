package models_test

import (
	"testing"
	"time"

	wsql "github.com/fourmarketing/waybill/sql"
	"github.com/fourmarketing/waybill/transforms/models"
)

func TestReal(t *testing.T) {
	start := time.Now()
	p, err := models.Read(wsql.Files)
	t.Log(time.Since(start))
	for _, e := range models.CheckStyle(wsql.Files) {
		t.Log(e)
	}
	if err != nil {
		t.Log(err)
		return
	}
	t.Log(len(p.Models()), p.Leaves(p.Models()...))
}
