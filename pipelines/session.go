package pipelines

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fourmarketing/waybill/transforms/models"
)

// scratch makes a folder for files on their way; the caller removes it.
func (r *Runner) scratch(pattern string) (string, error) {
	if err := os.MkdirAll(r.StageDir, 0o755); err != nil {
		return "", fmt.Errorf("make folder for staged files: %w", err)
	}
	dir, err := os.MkdirTemp(r.StageDir, pattern)
	if err != nil {
		return "", fmt.Errorf("make folder for staged files: %w", err)
	}
	return dir, nil
}

// reading gives work one consistent reading of the raw and state tables.
func (r *Runner) reading(ctx context.Context, asOf time.Time, work func(*view) error) error {
	dir, err := r.scratch("read-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := r.ensureTables(ctx); err != nil {
		return err
	}
	v, err := r.newView(ctx, asOf, dir)
	if err != nil {
		return err
	}
	defer v.Close()
	return work(v)
}

// session gives work a session of the SQL engine over a view.
func (r *Runner) session(ctx context.Context, v *view, work func(*models.Session) error) error {
	s, err := models.NewSession(ctx, r.Duck, r.Project, v)
	if err != nil {
		return err
	}
	defer s.Close()
	return work(s)
}

// worklist runs a feed's worklist over what is loaded now and returns what to ask for, most urgent first.
func (r *Runner) worklist(ctx context.Context, t task, asOf time.Time) ([]string, error) {
	w, err := r.Project.Worklist(t.feed.Worklist)
	if err != nil {
		return nil, err
	}
	var asks []string
	err = r.reading(ctx, asOf, func(v *view) error {
		return r.session(ctx, v, func(s *models.Session) error {
			asks, err = readWorklist(ctx, s, w, t.source)
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
