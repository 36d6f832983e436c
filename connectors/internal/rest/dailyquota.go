package rest

import (
	"fmt"
	"sync"
	"time"

	"github.com/fourmarketing/waybill"
)

// noHint is how long nothing is asked after a 429 without Retry-After. It may mean the day's allowance or only its rate, and vendors' texts
// do not always say which, so it is tried again before the day is over.
const noHint = 10 * time.Minute

// DailyQuota counts the calls of one subscription in the present GMT day. Its number survives a restart because the first listing of a
// day brings the count of what is kept along (FeedSettings.CallsToday); what this process asks afterwards is added here, whether or not
// its answer came to be kept. It may be used by several goroutines.
type DailyQuota struct {
	daily int
	now   func() time.Time

	mu      sync.Mutex
	day     time.Time // 00:00 GMT of the day that base and asked belong to
	base    int       // calls of this day before the first listing of this process
	asked   int       // calls of this day by this process
	blocked time.Time // the partner said that nothing is answered before then
}

// NewDailyQuota allows so many calls a day; now is the wall clock.
func NewDailyQuota(daily int, now func() time.Time) *DailyQuota {
	return &DailyQuota{daily: daily, now: now}
}

// Learn takes the caller's count of this day and says how many calls are left, and why when there is none (waybill.ErrQuota).
func (q *DailyQuota) Learn(callsToday int) (int, error) {
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

// Take books one call, or says until when there is none (waybill.ErrQuota).
func (q *DailyQuota) Take() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	if err := q.refusal(); err != nil {
		return err
	}
	q.asked++
	return nil
}

// Add books further attempts of a call that was taken.
func (q *DailyQuota) Add(calls int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	q.asked += max(0, calls)
}

// Block notes a 429: nothing is asked until it is over. Zero is one without Retry-After.
func (q *DailyQuota) Block(after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turn()
	if after == 0 {
		after = noHint
	}
	q.blocked = q.now().UTC().Add(after)
}

// refusal says until when nothing may be asked. The lock is held.
func (q *DailyQuota) refusal() error {
	if now := q.now(); now.Before(q.blocked) {
		return fmt.Errorf("the partner refused further calls until %s: %w", q.blocked.Format(time.RFC3339), waybill.ErrQuota)
	}
	if q.base+q.asked >= q.daily {
		return fmt.Errorf("all %d calls of the GMT day are used, the next at %s; raise daily_quota if more were agreed: %w",
			q.daily, q.day.AddDate(0, 0, 1).Format(time.RFC3339), waybill.ErrQuota)
	}
	return nil
}

func (q *DailyQuota) turn() {
	if day := q.now().UTC().Truncate(24 * time.Hour); !day.Equal(q.day) {
		q.day, q.base, q.asked = day, 0, 0
	}
}
