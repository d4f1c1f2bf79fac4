//go:build !linux

package realparts

import "syscall"

// ownGroup puts a child into a process group of its own. A killed test leaves it running: only Linux can tell it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
