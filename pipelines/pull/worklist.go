package pull

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/transforms/models"
)

// worklists run over what is loaded now.
type worklists struct {
	inputs *inputs.Inputs
	models *models.Project
	duck   *sql.DB
}

// ask runs a feed's worklist and returns what to ask for, most urgent first.
func (l worklists) ask(ctx context.Context, t pipelines.Task, asOf time.Time) ([]string, error) {
	w, err := l.models.Worklist(t.Feed.Worklist)
	if err != nil {
		return nil, err
	}
	var asks []string
	err = l.inputs.Read(ctx, asOf, func(v *inputs.View) error {
		return v.Session(ctx, l.duck, l.models, func(s *models.Session) error {
			asks, err = readWorklist(ctx, s, w, t.Source)
			return err
		})
	})
	return asks, err
}

func readWorklist(ctx context.Context, s *models.Session, w *models.Worklist, of string) ([]string, error) {
	rows, err := s.Query(ctx, w)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var asks []string
	for rows.Next() {
		var source, ask string
		if err := rows.Scan(&source, &ask); err != nil {
			return nil, fmt.Errorf("read worklist: its columns are source and ask: %w", err)
		}
		if source == of {
			asks = append(asks, ask)
		}
	}
	return asks, rows.Err()
}
