package logs

import (
	"slices"
	"sync"
	"sync/atomic"
)

// watcher is told that there is something new, not how much: one element says it, however often it
// happened.
type watcher chan struct{}

func newWatcher() watcher { return make(watcher, 1) }

func (w watcher) wake() {
	select {
	case w <- struct{}{}:
	default:
	}
}

// watchers is a set that is read on every append and changed when a follower comes or goes, so it
// is copied on change and an append takes no lock for it.
type watchers struct {
	mu  sync.Mutex
	set atomic.Pointer[[]watcher]
}

func (s *watchers) wake() {
	if set := s.set.Load(); set != nil {
		for _, w := range *set {
			w.wake()
		}
	}
}

func (s *watchers) add(w watcher) {
	s.change(func(set []watcher) []watcher { return append(slices.Clone(set), w) })
}

func (s *watchers) remove(w watcher) {
	s.change(func(set []watcher) []watcher { return without(set, w) })
}

func (s *watchers) change(f func([]watcher) []watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var set []watcher
	if old := s.set.Load(); old != nil {
		set = *old
	}
	set = f(set)
	s.set.Store(&set)
}

// without returns a copy, because the slice may be in use by somebody who loaded it earlier.
func without(set []watcher, w watcher) []watcher {
	return slices.DeleteFunc(slices.Clone(set), func(other watcher) bool { return other == w })
}
