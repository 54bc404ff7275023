package proc

// showsBrands says that a process's limits can be read by others.
const showsBrands = false

// brandProcess does nothing: macOS shows no process's limits to another. There a program that
// blanks its environment is known only while its parents live, or as the recorded listener. So is
// one whose environment the system withholds (procinfo.Getenv): the shell that leads a run is one,
// but that one is known by its number.
func brandProcess(int, string) {}
