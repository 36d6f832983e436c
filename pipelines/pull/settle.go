package pull

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fourmarketing/waybill"
	"github.com/fourmarketing/waybill/lake"
	"github.com/fourmarketing/waybill/pipelines"
	"github.com/fourmarketing/waybill/pipelines/judge"
	"github.com/fourmarketing/waybill/pipelines/ledger"
	"github.com/fourmarketing/waybill/pipelines/load"
)

// settlement is one file being settled: what it tells, what becomes of the loads around it, and what of that is not written yet.
type settlement struct {
	*taker
	file    ledger.File
	typed   load.Result
	told    map[string]told // by document
	around  []int           // loads that this file's may touch
	gone    map[int]bool    // loads of documents that the file tells no more
	doubt   []string        // ids under which rows may lie in the tables since a run was interrupted, and should not
	revived []ledger.File
}

// settle judges what a file came to, with everything else that is known of its documents, and makes the tables hold what counts. It is what every event
// calls: a file that arrives, one that is loaded again under another contract, one that an interrupted run left behind.
func (t *taker) settle(ctx context.Context, f ledger.File, res load.Result, stage string) (ledger.File, error) {
	var out ledger.File
	var revived []ledger.File
	err := t.inScope(ctx, func(ctx context.Context) error {
		s := &settlement{taker: t, file: f, typed: res, told: map[string]told{}, gone: map[int]bool{}}
		err := s.run(ctx, stage)
		out, revived = s.file, s.revived
		return err
	})
	for _, again := range revived {
		if err == nil {
			err = t.revive(ctx, again)
		}
	}
	return out, err
}

// inScope does work that nobody else may do to the scope's loads meanwhile, and over what is known of them. A feed's own are its lease's.
func (t *taker) inScope(ctx context.Context, work func(context.Context) error) error {
	if !t.shared() {
		return work(ctx)
	}
	return t.leases.InTurn(ctx, "documents:"+t.scope, func(ctx context.Context) error {
		if err := t.readLoads(ctx); err != nil {
			return err
		}
		return work(ctx)
	})
}

// shared tells whether documents are one over several feeds and sources.
func (t *taker) shared() bool { return len(t.Feed.Supersede.Document) > 0 }

func (t *taker) readLoads(ctx context.Context) error {
	var err error
	t.scope = scope(t.Task)
	t.loads, err = t.ledger.LoadsOf(ctx, t.scope)
	return err
}

func (s *settlement) run(ctx context.Context, stage string) error {
	s.count()
	if err := s.tell(ctx, stage); err != nil {
		return err
	}
	s.judge()
	// From here on a crash is known to have got this far: the file is received, and what its documents are to become stands beside it.
	f := s.file
	f.Status = ledger.Received
	number, err := s.ledger.Mean(ctx, ledger.Entry{Files: []ledger.File{f}, Loads: s.touched()})
	if err != nil {
		return err
	}
	out, err := s.foresee(ctx)
	if err == nil {
		err = s.noteContract(ctx)
	}
	if err != nil {
		return err
	}
	if out.entry, err = s.ledger.Note(ctx, number, out.entry); err != nil {
		return err
	}
	if err := s.commit(ctx); err != nil {
		return err
	}
	return s.write(ctx, out)
}

// noteContract keeps the contract that the file was typed under.
func (s *settlement) noteContract(ctx context.Context) error {
	text, err := json.Marshal(map[string]any{"contract": s.Feed.Contract, "supersede": s.Feed.Supersede})
	if err != nil {
		return fmt.Errorf("note the contract of %s: %w", s, err)
	}
	return s.ledger.NoteContract(ctx, s.file.Contract, text)
}

// count notes what the load came to.
func (s *settlement) count() {
	f, res := &s.file, s.typed
	f.Records, f.Loaded, f.Rejected, f.Elsewhere = res.Records, res.Loaded, res.Rejected, 0
	f.Notes = strings.Trim(strings.TrimSuffix(keptNotes(f.Notes), "\n")+"\n"+res.Notes(), "\n")
	f.Rule, f.Detail, f.SupersededBy, f.DuplicateOf = "", "", "", ""
	if res.Hold != nil {
		f.Rule, f.Detail, f.Loaded = res.Hold.Rule, res.Hold.String(), 0
	}
}

// tell enters what the file tells among the loads of its scope.
func (s *settlement) tell(ctx context.Context, stage string) error {
	var docs []told
	var err error
	if s.typed.Hold == nil {
		docs, err = s.documentsOf(ctx, s.file, s.typed, stage)
	} else {
		for _, document := range s.byName(s.file) {
			held := s.newLoad(s.file, document, newestBy(s.Feed, s.file.Name, s.file.ModifiedAt))
			held.IsHeld = true
			docs = append(docs, told{Load: held})
		}
	}
	if err != nil {
		return err
	}
	arrival := int64(1)
	own := map[string]int{}
	for i, l := range s.loads {
		arrival = max(arrival, l.Arrival+1)
		if s.isOwn(l) {
			own[l.Document] = i
		}
	}
	for _, i := range own { // a file that is loaded again keeps its place
		arrival = s.loads[i].Arrival
	}
	for _, d := range docs {
		d.Arrival = arrival
		if i, ok := own[d.Document]; ok {
			was := s.loads[i]
			d.LoadID, d.Base = was.LoadID, was.Base
			if was.Pending != d.Pending {
				s.dismiss(was.Pending)
			}
			s.follow(was, d.Load)
			s.loads[i] = d.Load
		} else {
			s.loads = append(s.loads, d.Load)
		}
		s.told[d.Document] = d
	}
	for document, i := range own {
		if _, ok := s.told[document]; !ok {
			s.gone[i] = true
		}
	}
	former, err := s.ledger.LoadsElsewhere(ctx, s.file, s.scope)
	for _, l := range former { // its feed's documents were others: of those it tells nothing any more
		s.gone[len(s.loads)] = true
		s.loads = append(s.loads, l)
	}
	return err
}

// follow has the copies of a document that is loaded again under another contract tell what it tells now: they told the same before, and are taken for
// its copies until they are loaded again themselves. Else the last of them would count meanwhile, and come and go in two commits.
func (s *settlement) follow(was, now ledger.Load) {
	if was.Content == "" || was.Content == now.Content {
		return
	}
	for i := range s.loads {
		if l := &s.loads[i]; l.Document == now.Document && l.Content == was.Content && !s.isOwn(*l) {
			l.Content = now.Content
		}
	}
}

func (s *settlement) isOwn(l ledger.Load) bool {
	return l.Source == s.file.Source && l.Feed == s.file.Feed && l.Name == s.file.Name && l.Version == s.file.Version
}

// judge gives the loads around the file their verdicts.
func (s *settlement) judge() {
	s.around = s.neighbours()
	var candidates []judge.Candidate
	var at []int
	for _, i := range s.around {
		l := &s.loads[i]
		l.Counts, l.Winner, l.Same = false, "", false
		if l.IsHeld || s.gone[i] {
			s.drop(l)
			continue
		}
		candidates = append(candidates, judge.Candidate{Document: l.Document, Content: l.Content, Newest: l.Newest, Arrival: l.Arrival})
		at = append(at, i)
	}
	judged := judge.Documents
	if s.alike() {
		judged = judge.Files
	}
	for k, v := range judged(candidates) {
		l, winner := &s.loads[at[k]], s.loads[at[v.Winner]]
		l.Counts, l.Same = v.Counts, v.Duplicate
		if !v.Counts {
			l.Winner = winner.File
			s.drop(l)
		}
	}
}

// drop takes back that rows of a load are about to be put in.
func (s *settlement) drop(l *ledger.Load) {
	if !s.isOwn(*l) || s.told[l.Document].Pending != l.Pending {
		s.dismiss(l.Pending)
	}
	l.Pending = ""
}

// dismiss sees to it that rows of an interrupted run leave, if they are there.
func (s *settlement) dismiss(pending string) {
	if pending != "" {
		s.doubt = append(s.doubt, pending)
	}
}

// alike tells whether two files that say the same are one document, since nothing but their names tells them apart.
func (t *taker) alike() bool { return t.Feed.Supersede.Identity == "" && !t.shared() }

// neighbours are the loads of the file's documents, and where files that tell the same are one, of the documents that theirs were the same as, and so on:
// what hangs together, however much the feed has told before.
func (s *settlement) neighbours() []int {
	documents, contents := map[string]bool{}, map[string]bool{}
	for document := range s.told {
		documents[document] = true
	}
	for i := range s.gone {
		documents[s.loads[i].Document] = true
	}
	for known := -1; known < len(documents)+len(contents); { // few rounds: what hangs together is small
		known = len(documents) + len(contents)
		for _, l := range s.loads {
			switch {
			case !s.alike() || l.Content == "":
			case documents[l.Document]:
				contents[l.Content] = true
			case contents[l.Content]:
				documents[l.Document] = true
			}
		}
	}
	var around []int
	for i, l := range s.loads {
		if documents[l.Document] {
			around = append(around, i)
		}
	}
	return around
}

// touched are the loads whose row may have changed.
func (s *settlement) touched() []ledger.Load {
	out := make([]ledger.Load, 0, len(s.around))
	for _, i := range s.around {
		out = append(out, s.loads[i])
	}
	return out
}

// commit puts the rows of what counts now into the tables and takes out those of what does not any more, in one commit a table where there is something
// to put in.
func (s *settlement) commit(ctx context.Context) error {
	leave := slices.Clone(s.doubt)
	var add []int
	for _, i := range s.around {
		l := s.loads[i]
		if l.Counts && s.isOwn(l) {
			add = append(add, i)
		}
		if l.LoadID != "" && (!l.Counts || s.isOwn(l)) {
			leave = append(leave, l.LoadID)
		}
	}
	for _, i := range add { // an interrupted run may have meant another document by the same id, of which no row came
		leave = slices.DeleteFunc(leave, func(id string) bool { return id == s.loads[i].Pending })
	}
	if err := s.commitRejects(ctx); err != nil {
		return err
	}
	for n, i := range add {
		l := s.loads[i]
		if n > 0 {
			leave = nil // they left with the first
		}
		if err := s.append(ctx, l.Pending, s.told[l.Document].files, leave); err != nil {
			return err
		}
	}
	if len(add) > 0 || len(leave) == 0 {
		return nil
	}
	return s.append(ctx, "leave-"+pipelines.Digest(leave...), nil, leave)
}

// append commits to the feed's tables in the contract's order. The last one carries the load id and the cursor even without rows.
func (s *settlement) append(ctx context.Context, id string, files map[waybill.TableName][]waybill.StagedFile, leave []string) error {
	names := s.Feed.TableNames()
	for i, name := range names {
		if len(files[name]) == 0 && len(leave) == 0 && i < len(names)-1 {
			continue // nothing to say
		}
		_, err := s.lake.Append(ctx, lake.Commit{
			Table: name, LoadID: id, Add: files[name], Retract: leave, CursorKey: s.String(), Cursor: s.file.Cursor, Rewrite: s.rewrite,
		})
		if err != nil {
			return fmt.Errorf("commit to %s: %w", name, err)
		}
	}
	return nil
}

// commitRejects puts the file's rejects where they are seen if anything of it counts, and takes out those of loadings of which nothing does any more.
func (s *settlement) commitRejects(ctx context.Context) error {
	leave, files, id := s.leavingRejects(), s.typed.Rejects, s.file.LoadID
	if !slices.ContainsFunc(s.loads, func(l ledger.Load) bool { return l.Counts && s.isOwn(l) }) {
		files, id = nil, "leave-"+pipelines.Digest(leave...)
	}
	if len(files) == 0 && len(leave) == 0 {
		return nil
	}
	if _, err := s.lake.Append(ctx, lake.Commit{Table: load.RejectsTable, LoadID: id, Add: files, Retract: leave, Rewrite: s.rewrite}); err != nil {
		return fmt.Errorf("commit to %s: %w", load.RejectsTable, err)
	}
	return nil
}

// leavingRejects are the loadings of which something lay in the tables and nothing does now. Those in doubt are loadings of files with one document.
func (s *settlement) leavingRejects() []string {
	leave := slices.DeleteFunc(slices.Clone(s.doubt), func(id string) bool { return id == s.file.LoadID })
	stays := map[string]bool{s.file.LoadID: true}
	for _, i := range s.around {
		if l := s.loads[i]; l.Counts && !s.isOwn(l) {
			stays[l.Base] = true
		}
	}
	for _, i := range s.around {
		if l := s.loads[i]; l.LoadID != "" && !stays[l.Base] && !slices.Contains(leave, l.Base) {
			leave = append(leave, l.Base)
		}
	}
	return leave
}

// outcome is what will be known when the tables hold what counts.
type outcome struct {
	entry   ledger.Entry
	loads   map[int]ledger.Load
	file    ledger.File
	files   []ledger.File // of the feed, around it
	revived []ledger.File
}

// foresee says what becomes of loads and files. A load that counts again, and whose rows are not there, is loaded again from its kept bytes.
func (s *settlement) foresee(ctx context.Context) (outcome, error) {
	out := outcome{loads: map[int]ledger.Load{}, entry: ledger.Entry{Settled: s.file.ID, LoadID: s.file.LoadID, LoadedAt: s.typed.LoadedAt}}
	if s.listed != nil {
		out.entry.Seen = []ledger.Sighting{*s.listed}
	}
	was := map[int]ledger.Load{}
	for _, i := range s.around {
		l := &s.loads[i]
		was[i] = *l
		switch {
		case l.Counts && s.isOwn(*l):
			l.LoadID, l.Base, l.Pending = l.Pending, s.file.LoadID, ""
		case !l.Counts:
			l.LoadID, l.Base = "", ""
		}
		out.loads[i] = *l
		if s.gone[i] {
			out.entry.Forget = append(out.entry.Forget, *l)
		} else {
			out.entry.Loads = append(out.entry.Loads, *l)
		}
	}
	err := s.foreseeFiles(ctx, &out)
	for i, l := range was { // nothing of it is done yet
		s.loads[i] = l
	}
	return out, err
}

func (s *settlement) foreseeFiles(ctx context.Context, out *outcome) error {
	files, err := s.filesAround(ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		was := f
		s.conclude(&f)
		if f.ID == s.file.ID {
			out.file = f
		} else if s.wantsRows(f) {
			begin(&f)
			out.revived = append(out.revived, f)
		}
		if f.ID == s.file.ID || f != was {
			out.entry.Files = append(out.entry.Files, f)
		}
		if f.Source == s.Source && f.Feed == s.Feed.Name {
			out.files = append(out.files, f)
		}
	}
	return nil
}

// write notes that the tables hold what counts, and what became of each file.
func (s *settlement) write(ctx context.Context, out outcome) error {
	if err := s.ledger.Enter(ctx, out.entry); err != nil {
		return err
	}
	s.file, s.revived = out.file, out.revived
	for i, l := range out.loads {
		s.loads[i] = l
	}
	for _, f := range out.files {
		s.remember(f)
	}
	if len(s.gone) > 0 {
		kept := s.loads[:0]
		for i, l := range s.loads {
			if !s.gone[i] {
				kept = append(kept, l)
			}
		}
		s.loads = kept
	}
	s.say()
	return nil
}
