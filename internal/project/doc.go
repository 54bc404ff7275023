// Package project owns what is on disk about a project: which directory is one, its Procfile, its
// .env files, the digest a person approves, and the environment that each service gets. It turns
// them into an immutable Spec.
//
// It is pure: it reads each file once and computes. It starts no process, opens no socket and
// starts no goroutine.
//
//	root.go        which directory is a project, what it is called
//	read.go        the files' bytes, opened safely
//	ownership.go   who else could have written them
//	digest.go      what an approval covers
//	approved.go    the entries and keys that it covers, and their marks
//	decisions.go   which entries of the .env files are part of that
//	spec.go        Spec, and how Files become one
//	procfile.go    the grammar of a Procfile
//	settings.go    locald.toml
//	formation.go   how many instances of each line there are, and what they need
//	dotenv.go      cutting a .env into entries
//	value.go       the value of one entry
//	expand.go      $NAME in a value
//	environ.go     one service's environment
//	program.go     the program that a command starts first
//	portflag.go    what makes a command listen on its PORT
//	drift.go       what has changed in the files since a run began
//	problem.go     errors and warnings with file and line
//	redact.go      keeps values out of logs and messages
package project
