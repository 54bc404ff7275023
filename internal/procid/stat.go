package procid

import (
	"bytes"
	"errors"
	"strconv"
)

// errMalformed says that what should be a line of proc_pid_stat(5) is none. It is not ErrGone:
// nobody may conclude from it that a process has ended.
var errMalformed = errors.New("not a line of /proc/PID/stat")

// StatFields returns the fields of proc_pid_stat(5) that follow the command's name: the first of
// them is the third of the line, the state. The name stands in parentheses and may itself hold
// blanks and parentheses, hence the search for the last one.
func StatFields(stat []byte) [][]byte {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return nil
	}
	return bytes.Fields(stat[end+1:])
}

// StatStart returns the start time, field 22 of the line, from the fields after the name.
func StatStart(fields [][]byte) (uint64, error) {
	const start = 22 - 3
	if len(fields) <= start {
		return 0, errMalformed
	}
	ticks, err := strconv.ParseUint(string(fields[start]), 10, 64)
	if err != nil {
		return 0, errMalformed
	}
	return ticks, nil
}
