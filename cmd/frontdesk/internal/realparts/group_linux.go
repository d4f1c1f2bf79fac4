package realparts

import "syscall"

// ownGroup puts a child into a process group of its own, and has the kernel kill it when we are gone, however that comes about.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
