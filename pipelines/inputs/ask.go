package inputs

import (
	"context"
	"time"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/transforms/duck"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Question is what is to be asked of the lake besides its published marts.
type Question struct {
	Models   *models.Project
	Tables   []waybill.TableName // that the SQL reads: models of any schema, seeds, raw and state tables
	AsOf     time.Time
	Fresh    bool   // marts are built as of that instant; else they are read as they were last committed
	Memory   string // limit of the DuckDB that answers; what needs more spills to the scratch folder
	Progress func(models.Event)
}

// Ask builds what the tables need in a DuckDB of its own, over the newest state of the lake, and lets look ask there. Nothing is
// committed, and the SQL that is asked cannot reach any other file.
func (i *Inputs) Ask(ctx context.Context, q Question, look func(*models.Session) error) error {
	return i.Read(ctx, q.AsOf, func(v *View) error {
		db := duck.Open(duck.Config{MemoryLimit: q.Memory, TempDir: v.dir})
		defer db.Close()
		return v.Session(ctx, db, q.Models, func(s *models.Session) error {
			if q.Fresh {
				if err := s.BringFresh(ctx, q.Tables, q.Progress); err != nil {
					return err
				}
			}
			if err := s.Bring(ctx, q.Tables, q.Progress); err != nil {
				return err
			}
			if err := s.Lock(ctx, v.paths()); err != nil {
				return err
			}
			return look(s)
		})
	})
}

// paths are the local files that the view's relations read.
func (v *View) paths() []string {
	var out []string
	for _, f := range v.state {
		out = append(out, f.path)
	}
	for _, files := range v.local {
		out = append(out, files.Paths...)
	}
	return out
}
