package main

import (
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
)

// A zero MonotonicTime means "never" to parts of the stack, so that time 0 of a case is another one.
const beginning = time.Hour

// clock is the stack's time, which moves only when it is told. Unlike faketime.ManualClock it runs timers
// that are due at one instant in the order in which they were set.
type clock struct {
	now    time.Duration // since the case's beginning
	timers []*timer      // that run; few
	set    uint64        // how often any timer was set
}

type timer struct {
	clock *clock
	due   time.Duration
	order uint64
	runs  bool
	work  func()
}

func (c *clock) Now() time.Time { return time.Unix(0, 0).Add(beginning + c.now) }

func (c *clock) NowMonotonic() tcpip.MonotonicTime {
	return tcpip.MonotonicTime{}.Add(beginning + c.now)
}

func (c *clock) AfterFunc(d time.Duration, work func()) tcpip.Timer {
	t := &timer{clock: c, work: work}
	t.Reset(d)
	return t
}

func (t *timer) Reset(d time.Duration) {
	if !t.runs {
		t.clock.timers = append(t.clock.timers, t)
	}
	t.clock.set++
	t.runs, t.due, t.order = true, t.clock.now+max(d, 0), t.clock.set
}

func (t *timer) Stop() bool {
	ran := t.runs
	t.runs = false
	for i, other := range t.clock.timers {
		if other == t {
			t.clock.timers = append(t.clock.timers[:i], t.clock.timers[i+1:]...)
			break
		}
	}
	return ran
}

// fire moves time on to the next timer that is due by then, and does its work. False: there is none.
func (c *clock) fire(by time.Duration) bool {
	var next *timer
	for _, t := range c.timers {
		if t.due <= by && (next == nil || t.due < next.due || t.due == next.due && t.order < next.order) {
			next = t
		}
	}
	if next == nil {
		return false
	}
	next.Stop()
	c.now = max(c.now, next.due)
	next.work()
	return true
}

// microseconds is the time as it is told: rounded up, so that nothing seems to come before it is due.
func (c *clock) microseconds() int64 { return int64((c.now + time.Microsecond - 1) / time.Microsecond) }
