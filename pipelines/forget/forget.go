// Package forget takes people out of what the lake keeps (GDPR, Article 17): it finds what is theirs, asks for it to be forgotten, and rewrites the kept
// bytes without it. Amounts, counts and the numbers of documents stay, as books have to be kept. Loading again, building and publishing are other rooms'.
package forget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/inputs"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
	"github.com/fourmarketing/waybill/pipelines/subject"
	"github.com/fourmarketing/waybill/transforms/models"
)

// Parts are what a Forgetter works with. All are the caller's to close.
type Parts struct {
	Lake      *lake.Lake
	Ledger    *ledger.Ledger
	Leases    *ledger.Leases
	Inputs    *inputs.Inputs
	Models    *models.Project
	Pipelines []pipelines.Pipeline
	Scratch   pipelines.Scratch
	Salt      waybill.Secret   // pii_salt, the marks' key
	Memory    string           // of the DuckDB that is asked for what orders are called
	Now       func() time.Time // the wall clock
	Reporter  pipelines.Reporter
}

// Forgetter takes people out of kept bytes.
type Forgetter struct {
	parts Parts
	key   subject.Key
}

// New makes a forgetter.
func New(p Parts) *Forgetter { return &Forgetter{parts: p, key: subject.NewKey(p.Salt)} }

// errNoSalt is in the way of any mark.
var errNoSalt = errors.New("pii_salt is empty, and who is forgotten is remembered by hashes that are keyed with it; next: set pii_salt in waybill.yaml")

// Unread is a file that could not be looked through.
type Unread struct {
	File   ledger.File `json:"file"`
	Reason string      `json:"reason"`
}

// Open returns the requests that are not done, oldest first.
func (f *Forgetter) Open(ctx context.Context) ([]ledger.Forgotten, error) {
	all, err := f.parts.Ledger.Forgotten(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(r ledger.Forgotten) bool { return r.State == ledger.ForgetDone }), nil
}

// Ask records that people are to be forgotten. From here on what partners send of them is masked, and whoever runs next goes on with it.
func (f *Forgetter) Ask(ctx context.Context, found Found) (ledger.Forgotten, error) {
	r := ledger.Forgotten{ID: uuid.NewString(), AskedAt: f.parts.Now().UTC(), State: ledger.ForgetAsked, Key: f.key.ID(), Marks: found.marks}
	return r, f.parts.Ledger.Forget(ctx, r)
}

// Erase rewrites the kept bytes without the people of a request, feed by feed. Files that are loaded become received again, for whoever loads files to load
// them anew from what is left. A second time finds nothing to do; so whatever ended the first is made good.
func (f *Forgetter) Erase(ctx context.Context, r *ledger.Forgotten) ([]Unread, error) {
	if r.Key != f.key.ID() {
		return nil, fmt.Errorf("the marks of request %s were made with another pii_salt than today's: nobody can be found by them; next: put the former pii_salt back into waybill.yaml", r.ID)
	}
	var unread []Unread
	marks := subject.NewMarks(f.key, r.Marks)
	tasks, err := pipelines.Pick(f.parts.Pipelines, nil)
	if err != nil {
		return nil, err
	}
	for i, t := range tasks {
		f.parts.Reporter.Watch(pipelines.Event{Stage: pipelines.StageForget, Subject: t.String(), Done: i, Total: len(tasks)})
		err := f.parts.Leases.InTurn(ctx, "feed:"+t.String(), func(ctx context.Context) error {
			left, err := f.eraseFeed(ctx, t, marks, r)
			unread = append(unread, left...)
			return err
		})
		if err != nil {
			return unread, fmt.Errorf("%s: %w", t, err)
		}
	}
	return unread, f.removeReplaced(ctx, *r)
}

func (f *Forgetter) eraseFeed(ctx context.Context, t pipelines.Task, marks *subject.Marks, r *ledger.Forgotten) ([]Unread, error) {
	eraser, err := load.NewEraser(t.Feed.Contract, marks.In(t.Source))
	if err != nil {
		return nil, err
	}
	files, err := f.parts.Ledger.FilesOf(ctx, t.Source, t.Feed.Name)
	if err != nil {
		return nil, err
	}
	var unread []Unread
	for _, file := range files {
		if file.KeptPath == "" {
			continue
		}
		done, kept, err := f.rewrite(ctx, eraser, file)
		if err != nil {
			return unread, fmt.Errorf("%s: %w", file.Name, err)
		}
		was := ledger.Replaced{File: file.ID, Was: file.KeptPath, Is: kept.Path}
		if done.Unread != "" {
			unread = append(unread, Unread{file, done.Unread})
		}
		if done.Changed == 0 {
			continue
		}
		r.Replaced, r.Records = append(r.Replaced, was), r.Records+done.Changed
		file.KeptPath = kept.Path
		if err := f.replace(ctx, t, file, r); err != nil {
			return unread, err
		}
		f.parts.Reporter.Log.Info("kept bytes rewritten", zap.String("feed", t.String()), zap.String("file", file.Name), zap.Int64("records", done.Changed))
	}
	return unread, nil
}

// replace writes a file's row with its new kept bytes. The request says first which took the place of which, so that the old ones are removed whatever
// comes between.
func (f *Forgetter) replace(ctx context.Context, t pipelines.Task, file ledger.File, r *ledger.Forgotten) error {
	if file.Status == ledger.Loaded {
		for _, name := range t.Feed.TableNames() {
			if !slices.Contains(r.Touched, name.String()) {
				r.Touched = append(r.Touched, name.String())
			}
		}
		file.Status = ledger.Received
	}
	if err := f.parts.Ledger.Forget(ctx, *r); err != nil {
		return err
	}
	return f.parts.Ledger.Put(ctx, file)
}

// rewrite keeps a file without the people, if there is anything of theirs in it.
func (f *Forgetter) rewrite(ctx context.Context, eraser *load.Eraser, file ledger.File) (load.Erased, lake.Kept, error) {
	dir, err := f.parts.Scratch.Folder("forget-*")
	if err != nil {
		return load.Erased{}, lake.Kept{}, err
	}
	defer os.RemoveAll(dir)
	out, err := os.CreateTemp(dir, "without-*")
	if err != nil {
		return load.Erased{}, lake.Kept{}, err
	}
	defer out.Close()
	done, err := f.look(ctx, eraser, file, out, dir)
	if err != nil || done.Changed == 0 {
		return done, lake.Kept{}, err
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return done, lake.Kept{}, err
	}
	kept, err := f.parts.Lake.Keep(ctx, lake.KeepAs{Source: file.Source, Feed: file.Feed, Day: file.ReceivedAt}, out)
	return done, kept, err
}

// look goes through a file's kept bytes.
func (f *Forgetter) look(ctx context.Context, eraser *load.Eraser, file ledger.File, out io.Writer, dir string) (load.Erased, error) {
	body, err := f.parts.Lake.OpenKept(ctx, file.KeptPath)
	if err != nil {
		return load.Erased{}, err
	}
	defer body.Close()
	return eraser.Rewrite(body, out, dir)
}

// removeReplaced removes the kept bytes whose place was taken, as far as no file is left that needs them.
func (f *Forgetter) removeReplaced(ctx context.Context, r ledger.Forgotten) error {
	files, err := f.parts.Ledger.Files(ctx, ledger.Filter{})
	if err != nil {
		return err
	}
	needed := map[string]bool{}
	for _, file := range files {
		needed[file.KeptPath] = true
	}
	for _, gone := range r.Replaced {
		if needed[gone.Was] {
			continue
		}
		if err := f.parts.Lake.RemoveKept(ctx, gone.Was); err != nil {
			return err
		}
	}
	return nil
}
