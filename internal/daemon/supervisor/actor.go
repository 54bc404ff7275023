package supervisor

// actor is what its goroutine owns: all that is decided about one project. A pointer to it exists
// only on that goroutine, in its loop and in the turns that it takes.
type actor struct {
	box   *mailbox
	board *board

	changes   *changes
	exec      *executor
	decisions *decisions
	services  *services
	presence  *presence
	record    *record
	closing   bool // nothing is started any more
}

func newActor(box *mailbox, runner Runner, store Store, inherited Inherited) *actor {
	c := &changes{}
	x := &executor{box: box, changes: c, runner: runner}
	d := inheritedDecisions(c, inherited)
	a := &actor{
		box: box, changes: c, exec: x, decisions: d,
		services: newServices(c, x, d, inherited.LastRun),
		presence: inheritedPresence(box, c, inherited),
		record:   &record{box: box, store: store},
	}
	a.board = newBoard(a.picture())
	return a
}

func (a *actor) loop() {
	defer a.stopTimers()
	for t, ok := a.box.next(); ok; t, ok = a.box.next() {
		t.do(a)
		a.finishTurn()
		if t.over != nil {
			close(t.over)
		}
	}
}

// finishTurn does what one turn has collected: one batch of spawns, one snapshot, one save, however
// many services it concerned.
func (a *actor) finishTurn() {
	a.services.advance()
	a.exec.spawn()
	show, keep := a.changes.take()
	if show {
		a.board.show(a.picture())
	}
	if keep {
		a.record.outdate()
	}
	if a.exec.forking() { // their gates would otherwise wait for two records
		return
	}
	if a.record.due() {
		a.record.save(a.picture(), a.exec.takeGated())
	}
	a.record.answerSyncs()
}

// stopTimers is the actor's last act. A timer that has fired already finds nobody who listens.
func (a *actor) stopTimers() {
	a.services.disarm()
	a.presence.disarm()
	a.record.disarm()
}

// declare takes over what the files of the project say now.
func (a *actor) declare(plan Plan) {
	a.presence.stopAfter(plan.AutoStop)
	a.awaitReturn()
	a.services.declare(plan)
}

// changes is what is different since the last turn ended. Whoever changes something says so here,
// and need not know who is told.
type changes struct {
	shown bool // something that a snapshot shows
	kept  bool // something that the record must say
}

// show is for what somebody looks at and the next daemon need not know.
func (c *changes) show() { c.shown = true }

// keep is for what the next daemon must know. A snapshot shows that too.
func (c *changes) keep() { c.shown, c.kept = true, true }

// take returns what has changed, and begins anew.
func (c *changes) take() (show, keep bool) {
	show, keep = c.shown, c.kept
	*c = changes{}
	return show, keep
}
