package royalmail

import (
	"fmt"
	"sync"
	"time"

	"github.com/fourmarketing/waybill"
)

// noHint is how long nothing is asked after a 429 without Retry-After. Royal Mail's text does not say whether the plan's rate or its day is
// used up ("for the plan or operation being used"), so it is tried again before the day is over.
const noHint = 10 * time.Minute

// quota counts the calls of one app in the present GMT day. Its number survives a restart because the first listing of a day brings
// the count of what is kept along (FeedSettings.CallsToday); what this process asks afterwards is added here, whether
// or not its answer came to be kept.
type quota struct {
	daily int
	now   func() time.Time

	mu      sync.Mutex
	day     time.Time // 00:00 GMT of the day that base and asked belong to
	base    int       // calls of this day before the first listing of this process
	asked   int       // calls of this day by this process
	blocked time.Time // Royal Mail answers nothing before then
}

// learn takes the caller's count of this day and says how many calls are left, and why when there is none.
func (q *quota) learn(callsToday int) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	if before := callsToday - q.asked; before > q.base {
		q.base = before
	}
	if err := q.refusal(); err != nil {
		return 0, err
	}
	return q.daily - q.base - q.asked, nil
}

// take books one call, or says until when there is none.
func (q *quota) take() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	if err := q.refusal(); err != nil {
		return err
	}
	q.asked++
	return nil
}

// add books further attempts of a call that was taken.
func (q *quota) add(calls int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	q.asked += max(0, calls)
}

// refusal says until when nothing may be asked. The lock is held.
func (q *quota) refusal() error {
	if now := q.now(); now.Before(q.blocked) {
		return fmt.Errorf("further calls are refused until %s: %w", q.blocked.Format(time.RFC3339), waybill.ErrQuota)
	}
	if q.base+q.asked >= q.daily {
		return fmt.Errorf("all %d calls of the GMT day are used, the next at %s; raise daily_quota if your plan allows more: %w",
			q.daily, q.day.AddDate(0, 0, 1).Format(time.RFC3339), waybill.ErrQuota)
	}
	return nil
}

// block notes a 429: nothing is asked until it is over.
func (q *quota) block(after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	if after == 0 {
		after = noHint
	}
	q.blocked = q.now().UTC().Add(after)
}

func (q *quota) turn() {
	if day := q.now().UTC().Truncate(24 * time.Hour); !day.Equal(q.day) {
		q.day, q.base, q.asked = day, 0, 0
	}
}

// callsFor is what so many numbers cost at most: a summary for each 30, and the events of every one.
func callsFor(numbers int) int { return numbers + (numbers+maxPieces-1)/maxPieces }

// numbersFor is how many numbers so many calls are enough for.
func numbersFor(calls int) int { return calls - (calls+maxPieces)/(maxPieces+1) }
