package engine

// note is something the daemon says in a service's log.
type note struct {
	service string
	run     int
	text    string
}

// Note implements supervisor.Runner: it queues, because the disk may be slow
// and the actor must not wait for it. The queue's goroutine ends when it is
// empty.
func (p *Project) Note(service string, run int, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, note{service, run, text})
	if p.noting == nil {
		p.noting = make(chan struct{})
		go p.writeNotes()
	}
}

// AwaitNotes returns when what was said so far is in the logs.
func (p *Project) AwaitNotes() {
	p.mu.Lock()
	noting := p.noting
	p.mu.Unlock()
	if noting != nil {
		<-noting
	}
}

func (p *Project) writeNotes() {
	for {
		p.mu.Lock()
		batch := p.notes
		p.notes = nil
		if len(batch) == 0 {
			close(p.noting)
			p.noting = nil
		}
		p.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, n := range batch {
			if err := p.Logs.Service(n.service).Note(n.run, n.text); err != nil {
				p.e.Log.Error("cannot write to the log", "service", p.Name()+"/"+n.service, "error", err)
			}
		}
	}
}
