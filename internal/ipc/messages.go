package ipc

import (
	"time"

	"github.com/locald/locald/internal/bytestr"
)

// The versions of the protocol that this build speaks.
const (
	ProtoMin = 1
	ProtoMax = 1
)

// Hello is the first frame in each direction, as {"hello": …}.
type Hello struct {
	// The client says what it speaks, the daemon (Proto) what will be spoken.
	ProtoMin int    `json:"proto_min,omitempty"`
	ProtoMax int    `json:"proto_max,omitempty"`
	Proto    int    `json:"proto,omitempty"`
	Version  string `json:"version"`
	PID      int    `json:"pid"`
	// Data is the data directory. A client that names another one than the
	// daemon's is refused: it has found somebody else's socket.
	Data    bytestr.String `json:"data,omitempty"`
	Started *time.Time     `json:"started,omitempty"` // the daemon's start
	Log     bytestr.String `json:"log,omitempty"`     // the daemon's own log
}

// The operations.
const (
	OpAt      = "at"
	OpAllow   = "allow"
	OpDeny    = "deny"
	OpUp      = "up"
	OpDown    = "down"
	OpRestart = "restart"
	OpStatus  = "status"
	OpLogs    = "logs"
	OpEnv     = "env"
	OpCheck   = "check"
	OpDaemon  = "daemon"
	OpStop    = "stop"
	OpForget  = "forget"
	OpWait    = "wait"
	OpAttach  = "attach"
)

// UmaskName stands in an Env for what is no variable: the shell's umask, in
// octal. Services get it as their umask, and not as a variable.
const UmaskName = "LOCALD_UMASK"

// Env is an environment, as "NAME=value".
type Env []bytestr.String

// Scope says what a command is about: the project around Dir, or all of them,
// and in it the named services ("web", or "shop/web" of any project). In an up
// "worker=2" asks for so many instances, and "all=1" of every line that is not named.
type Scope struct {
	Dir     bytestr.String `json:"dir"` // absolute, as the shell sees it
	All     bool           `json:"all,omitempty"`
	Targets []string       `json:"targets,omitempty"`
}

// At says: this shell is now at Root, or (Root empty) in no project.
type At struct {
	PID   int            `json:"pid"`
	Start uint64         `json:"start"` // its start time, as procid reads it
	Root  bytestr.String `json:"root"`
	Env   Env            `json:"env,omitempty"`
}

// AtReply is what to tell the person at the prompt, line by line. Often nothing.
type AtReply struct {
	Say []string `json:"say,omitempty"`
}

// Allow asks what would be allowed (Digest empty), or allows exactly Digest.
type Allow struct {
	Dir    bytestr.String `json:"dir"`
	Digest string         `json:"digest,omitempty"`
	Env    Env            `json:"env,omitempty"`
}

// AllowReply describes the content of a project.
type AllowReply struct {
	Project  string         `json:"project"`
	Root     bytestr.String `json:"root"`
	Trust    string         `json:"trust"` // before this call
	Digest   string         `json:"digest"`
	File     string         `json:"file"` // Procfile or Procfile.dev
	Services []Change       `json:"services"`
	EnvNames []string       `json:"env_names,omitempty"`
	Dangers  []string       `json:"dangers,omitempty"` // entries that decide which program runs
	Warnings []string       `json:"warnings,omitempty"`
	Started  []string       `json:"started,omitempty"` // by this call
}

// Change is a service and how it differs from what was allowed last: "+" new,
// "-" gone, "~" another command, "" as before.
type Change struct {
	Name    string `json:"name"`
	Command string `json:"command"`
	Change  string `json:"change,omitempty"`
}

// Deny refuses the project around Dir.
type Deny struct {
	Dir bytestr.String `json:"dir"`
}

// DenyReply names what is still up: deny stops nothing.
type DenyReply struct {
	Project string         `json:"project"`
	Root    bytestr.String `json:"root"`
	Up      []string       `json:"up,omitempty"`
}

// Order is the body of up, down and restart.
type Order struct {
	Scope
	Env Env `json:"env,omitempty"`
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
	Code     string   `json:"code,omitempty"` // "" where all is as ordered
	Message  string   `json:"message,omitempty"`
}

// Result is one service at the end of an order.
type Result struct {
	Project string  `json:"project"`
	Service Service `json:"service"`
	// Outcome is "ready", "exited", "stopped", "failed", "waiting" (time is up
	// or nobody waits), "withdrawn" (another command decided otherwise) or, of a
	// wait, "printed" (Line).
	Outcome   string   `json:"outcome"`
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

// Wait asks to be told when services are so. The answer is that of an order.
type Wait struct {
	Scope
	For       string `json:"for"`             // WaitReady, WaitExit or WaitLog
	Match     string `json:"match,omitempty"` // WaitLog: the regular expression of a line
	TimeoutMS int64  `json:"timeout_ms,omitempty"`
}

// What can be waited for.
const (
	WaitReady = "ready"
	WaitExit  = "exit" // ended by itself, and not started again
	WaitLog   = "log"  // a line of the current run
)

// StatusReply is also what `locald status --json` prints.
type StatusReply struct {
	Daemon   Daemon    `json:"daemon"`
	Projects []Project `json:"projects"`
}

// Daemon is who answers.
type Daemon struct {
	PID     int    `json:"pid"`
	Version string `json:"version"`
}

// Project is one project in a status.
type Project struct {
	Name     string         `json:"name"`
	Root     bytestr.String `json:"root"`
	Trust    string         `json:"trust"` // unknown, changed, allowed, denied, unsafe, gone
	Wanted   bool           `json:"wanted"`
	Services []Service      `json:"services"`
	Warnings []string       `json:"warnings,omitempty"`
	Note     string         `json:"note,omitempty"`
	// Shells are the live shells in the project: its presence.
	Shells   []Present `json:"shells"`
	AutoStop *AutoStop `json:"auto_stop,omitempty"`
}

// Present is a shell in a project.
type Present struct {
	PID  int    `json:"pid"`
	Name string `json:"name"` // of its program, "zsh"
}

// AutoStop is what will be stopped by itself once nobody has been there for
// AfterMS: what entering started, and not what somebody asked for.
type AutoStop struct {
	Services []string   `json:"services"`
	AfterMS  int64      `json:"after_ms"`
	At       *time.Time `json:"at,omitempty"` // where nobody is there any more
}

// Service is one service in a status. PID is 0 and Exit null where there is
// none; Started is null where nothing is alive.
type Service struct {
	Name      string     `json:"name"`
	State     string     `json:"state"`
	Ready     bool       `json:"ready"`
	PID       int        `json:"pid"`
	Port      int        `json:"port"`
	Listening []int      `json:"listening"`
	URL       string     `json:"url"`
	Command   string     `json:"command"`
	Started   *time.Time `json:"started"`
	Restarts  int        `json:"restarts"`
	Run       int        `json:"run"`
	Exit      *Exit      `json:"exit"`
	Note      string     `json:"note"`
	// Failure is "port_taken" where that is why it failed.
	Failure string `json:"failure,omitempty"`
	// Changed names what of it is other in the files now than in what runs:
	// "command", "PORT", "locald.toml", "Procfile" where it is no longer in that
	// one, and names of variables.
	Changed []string `json:"changed,omitempty"`
}

// Exit is {"code": 1} or {"signal": "SIGKILL"}.
type Exit struct {
	Code   *int   `json:"code,omitempty"`
	Signal string `json:"signal,omitempty"`
}

// Logs asks for lines.
type Logs struct {
	Scope
	Tail   int  `json:"tail"` // the last so many of those selected; below 0: all
	Follow bool `json:"follow,omitempty"`
	// WhileUp ends what is followed once nothing of it is up any more.
	WhileUp bool      `json:"while_up,omitempty"`
	Since   time.Time `json:"since,omitzero"`
	Until   time.Time `json:"until,omitzero"`
	Run     int       `json:"run,omitempty"`  // 0: any; -1: each service's last
	Grep    string    `json:"grep,omitempty"` // RE2, on the text without its colours
}

// LogEvent is a batch of lines.
type LogEvent struct {
	Lines []Line `json:"lines"`
}

// Attach asks for the terminal of one service. The answer is a stream of
// AttachEvent; meanwhile the client may send Keys.
type Attach struct {
	Dir    bytestr.String `json:"dir"`
	Target string         `json:"target"` // "web", or "shop/web" of any project
	Size   *Size          `json:"size,omitempty"`
}

// Size is how much a terminal shows, in characters.
type Size struct {
	Rows uint16 `json:"rows"`
	Cols uint16 `json:"cols"`
}

// Keys is what an attached client sends, as {"in": …}: what was typed, or the
// new size of its window.
type Keys struct {
	Typed bytestr.String `json:"typed,omitempty"`
	Size  *Size          `json:"size,omitempty"`
}

// AttachEvent is what the terminal shows next. The first one, without Shown,
// says which run it is.
type AttachEvent struct {
	Project string         `json:"project,omitempty"`
	Service string         `json:"service,omitempty"`
	Run     int            `json:"run,omitempty"`
	Shown   bytestr.String `json:"shown,omitempty"`
	Lost    int            `json:"lost,omitempty"` // so many bytes before it were read too slowly
}

// AttachReply says how the run ended.
type AttachReply struct {
	Exit *Exit `json:"exit"`
}

// Line is one line of a log. Bytes that are not UTF-8 are replaced.
type Line struct {
	Time    time.Time `json:"time"`
	Project string    `json:"project"`
	Service string    `json:"service"`
	Run     int       `json:"run"`
	Stream  string    `json:"stream"` // stdout, stderr, locald
	Line    string    `json:"line"`
	// Open: the service has not ended the line yet. What follows has Joins
	// set, or replaces it.
	Open  bool `json:"open,omitempty"`
	Joins bool `json:"joins,omitempty"`
}

// EnvOf asks for the environment of one service, or of the project.
type EnvOf struct {
	Dir    bytestr.String `json:"dir"`
	Target string         `json:"target,omitempty"`
	Env    Env            `json:"env,omitempty"`
}

// EnvReply is sorted by name.
type EnvReply struct {
	Project  string         `json:"project"`
	Service  string         `json:"service,omitempty"`
	Root     bytestr.String `json:"root"`
	Vars     []Var          `json:"vars"`
	Warnings []string       `json:"warnings,omitempty"`
}

// Var is one variable and which source set it.
type Var struct {
	Name   string         `json:"name"`
	Value  bytestr.String `json:"value"`
	Source string         `json:"source"`
	// Overrode are the sources whose value this one hides, lowest first.
	Overrode []string `json:"overrode,omitempty"`
}

// Check asks what is wrong with the project around Dir.
type Check struct {
	Dir bytestr.String `json:"dir"`
	Env Env            `json:"env,omitempty"`
}

// CheckReply is also what `locald check --json` prints.
type CheckReply struct {
	Project  string         `json:"project"`
	Root     bytestr.String `json:"root"`
	File     string         `json:"file"`
	Trust    string         `json:"trust"`
	Services []CheckService `json:"services"`
	Findings []Finding      `json:"findings"`
}

// CheckService is one service that would be started.
type CheckService struct {
	Name    string `json:"name"`
	Command string `json:"command"`
	Line    int    `json:"line"`
	Port    int    `json:"port"`
}

// Finding is something wrong. Level is "error" (nothing would start) or
// "warning". File is empty and Line 0 where it is about no line.
type Finding struct {
	Level  string `json:"level"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"`
}

// DaemonReply is what `locald daemon status --json` prints of a live daemon.
type DaemonReply struct {
	PID      int            `json:"pid"`
	Version  string         `json:"version"`
	Started  time.Time      `json:"started"`
	Socket   bytestr.String `json:"socket"`
	Log      bytestr.String `json:"log"`
	Data     bytestr.String `json:"data"`
	Projects int            `json:"projects"` // wanted
	Services int            `json:"services"` // alive
	Shells   []Shell        `json:"shells"`   // whose hooks it has heard
}

// Shell is a live shell, and where it last said to be.
type Shell struct {
	PID   int            `json:"pid"`
	Start uint64         `json:"start"` // its start time, as procid reads it
	Root  bytestr.String `json:"root"`  // "" in no project
}

// StopDaemon ends the daemon. Keep leaves wanted what is up, for the next
// daemon to start again.
type StopDaemon struct {
	Keep bool `json:"keep,omitempty"`
}

// StopReply is sent when every service has ended; the connection closes when
// the daemon has gone.
type StopReply struct {
	PID     int      `json:"pid"`
	Stopped []string `json:"stopped"`
}

// Forget drops projects: those named, every one that is gone, or the one around
// Dir. Unless Sure it only says which.
type Forget struct {
	Dir   bytestr.String `json:"dir"`
	Names []string       `json:"names,omitempty"`
	Gone  bool           `json:"gone,omitempty"`
	Sure  bool           `json:"sure,omitempty"`
}

// ForgetReply names what is dropped.
type ForgetReply struct {
	Projects []Forgotten `json:"projects"`
}

// Forgotten is one project that is dropped.
type Forgotten struct {
	Name string         `json:"name"`
	Root bytestr.String `json:"root"`
	Gone bool           `json:"gone"` // its directory or Procfile is
}
