package pipelines

import "go.uber.org/zap"

// Event is one step of a run, for progress display.
type Event struct {
	Stage   Stage
	Subject string // source/feed or model
	Detail  string // file name
	Done    int
	Total   int
	Rows    int64
	Err     error // what a feed ended with
}

// Stage is a part of a run.
type Stage string

// The parts of a run in their order.
const (
	StageList     Stage = "list"
	StageFetch    Stage = "fetch"
	StagePulled   Stage = "pulled" // the feed has ended
	StageBuild    Stage = "build"
	StageCheck    Stage = "check"
	StagePublish  Stage = "publish"
	StageMaintain Stage = "maintain"
	StageSearch   Stage = "search" // kept bytes, for people who are to be forgotten
	StageForget   Stage = "forget"
)

// Reporter is where a room says what it does. Both may be called from several goroutines.
type Reporter struct {
	Log   *zap.Logger
	Watch func(Event)
}

// NewReporter makes a reporter; nil for either means that nobody listens.
func NewReporter(log *zap.Logger, watch func(Event)) Reporter {
	if log == nil {
		log = zap.NewNop()
	}
	if watch == nil {
		watch = func(Event) {}
	}
	return Reporter{Log: log, Watch: watch}
}
