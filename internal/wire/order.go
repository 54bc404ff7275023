package wire

// OrderRequest is the body of up, down and restart.
type OrderRequest struct {
	Scope
	Env Environ `json:"env,omitempty"`
	// Wait streams progress until it is so, or for TimeoutMS (0: for ever).
	Wait      bool  `json:"wait,omitempty"`
	TimeoutMS int64 `json:"timeout_ms,omitempty"`
	Hurry     bool  `json:"hurry,omitempty"` // down: no grace
	// Changed leaves out, of a restart, what runs as the files say.
	Changed bool `json:"changed,omitempty"`
}

// OrderEvent is one service that changed while an order was waited for.
type OrderEvent struct {
	Project string  `json:"project"`
	Service Service `json:"service"`
}

// OrderReply ends an order. The first failure decides the error code.
type OrderReply struct {
	Results  []Result `json:"results"`
	Warnings []string `json:"warnings,omitempty"`
	Code     Code     `json:"code,omitempty"` // "" where all is as ordered
	Message  string   `json:"message,omitempty"`
}

// Result is one service at the end of an order.
type Result struct {
	Project string  `json:"project"`
	Service Service `json:"service"`
	// Outcome is "ready", "exited", "stopped", "failed", "waiting" (time is up
	// or nobody waits), "withdrawn" (another command decided otherwise) or, of a
	// wait, "printed" (Line).
	Outcome   Outcome  `json:"outcome"`
	Was       bool     `json:"was,omitempty"` // it was so already
	LastLines []string `json:"last_lines,omitempty"`
	Line      string   `json:"line,omitempty"`
	// Left are processes that the service started and that outlived this order.
	Left []LeftProcess `json:"left,omitempty"`
}

// LeftProcess is alive although its service has been stopped: by intent, since
// it holds nothing of the service, or (Stuck) because it hangs in the kernel.
type LeftProcess struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
	Stuck   bool   `json:"stuck,omitempty"`
}
