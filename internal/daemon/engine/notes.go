package engine

import "sync"

// notes is what is to be said in the services' logs. It queues, because the disk may be slow and
// the actor must not wait for it. The queue's goroutine ends when it is empty.
type notes struct {
	runs  *Runs
	mu    sync.Mutex
	queue []note
	empty chan struct{} // closed when all are written; nil while there are none
}

// note is something the daemon says in a service's log.
type note struct {
	service string
	run     int
	text    string
}

// Note implements supervisor.Runner.
func (s *Runs) Note(service string, run int, text string) {
	n := &s.notes
	n.mu.Lock()
	defer n.mu.Unlock()
	n.queue = append(n.queue, note{service, run, text})
	if n.empty == nil {
		n.empty = make(chan struct{})
		go n.write()
	}
}

// AwaitNotes returns when what was said so far is in the logs.
func (s *Runs) AwaitNotes() {
	s.notes.mu.Lock()
	empty := s.notes.empty
	s.notes.mu.Unlock()
	if empty != nil {
		<-empty
	}
}

func (n *notes) write() {
	for batch := n.take(); len(batch) > 0; batch = n.take() {
		for _, one := range batch {
			p := n.runs.p
			if err := p.Logs.Service(one.service).Note(one.run, one.text); err != nil {
				p.e.Log.Error(
					"cannot write to the log", "service", p.Name()+"/"+one.service, "error", err,
				)
			}
		}
	}
}

// take empties the queue, and says so where there is nothing in it.
func (n *notes) take() []note {
	n.mu.Lock()
	defer n.mu.Unlock()
	batch := n.queue
	n.queue = nil
	if len(batch) == 0 {
		close(n.empty)
		n.empty = nil
	}
	return batch
}
