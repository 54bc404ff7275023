package daemon

// note is something the daemon says in a service's log.
type note struct {
	service string
	run     int
	text    string
}

// Note implements supervisor.Runner: it queues, because the disk may be slow
// and the actor must not wait for it. The queue's goroutine ends when it is
// empty.
func (p *resident) Note(service string, run int, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.notes = append(p.notes, note{service, run, text})
	if p.noting == nil {
		p.noting = make(chan struct{})
		go p.writeNotes()
	}
}

// awaitNotes returns when what was said so far is in the logs.
func (p *resident) awaitNotes() {
	p.mu.Lock()
	noting := p.noting
	p.mu.Unlock()
	if noting != nil {
		<-noting
	}
}

func (p *resident) writeNotes() {
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
			if err := p.logs.Service(n.service).Note(n.run, n.text); err != nil {
				p.d.log.Error("cannot write to the log", "service", p.name+"/"+n.service, "error", err)
			}
		}
	}
}
