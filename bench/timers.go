//go:build bench

package bench

import (
	"container/heap"
	"time"
)

// timers are peers that want to come back, by when.
type timers []timer

type timer struct {
	at time.Time
	p  *peer
}

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].at.Before(t[j].at) }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }

// Push implements heap.Interface.
func (t *timers) Push(x any) { *t = append(*t, x.(timer)) }

// Pop implements heap.Interface.
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func (t *timers) add(at time.Time, p *peer) { heap.Push(t, timer{at, p}) }

// wait is how long epoll may wait, in milliseconds; -1: until something happens.
func (t timers) wait(now time.Time) int {
	if len(t) == 0 {
		return -1
	}
	return int(max(0, t[0].at.Sub(now)+time.Millisecond-1) / time.Millisecond)
}

// due does what is due.
func (t *timers) due(now time.Time, do func(*peer)) {
	for len(*t) > 0 && !(*t)[0].at.After(now) {
		do(heap.Pop(t).(timer).p)
	}
}
