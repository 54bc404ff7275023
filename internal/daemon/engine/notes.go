package engine

import "sync"

// notes is what is to be said in the services' logs. It queues, because the disk may be slow and
// the actor must not wait for it. The queue's goroutine ends when it is empty.
type notes struct {
	runs *Runs
	// mu guards the queue and is not held while one is written, or the actor would wait after all.
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

// Note implements supervisor.Runner. The actor calls it, and whoever else has something to say that
// need not stand at a certain place: what must be above a service's first line is written by sayIn.
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

// AwaitNotes returns when what was said so far is in the logs. Whoever reads a log to its end calls
// it: a snapshot shows that a service has failed before the line that says why is on disk.
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

// take empties the queue, and says so if there is nothing in it. Both happen under one lock: a note
// that comes between them would find a goroutine that has already decided to end.
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
