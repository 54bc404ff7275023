package wire

// WaitRequest asks to be told when services are so. The answer is that of an order.
type WaitRequest struct {
	Scope
	For       Goal   `json:"for"`
	Match     string `json:"match,omitempty"` // WaitLog: the regular expression of a line
	TimeoutMS int64  `json:"timeout_ms,omitempty"`
}
