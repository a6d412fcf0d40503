package events

import (
	"syscall"
	"testing"
)

func TestErrnoName(t *testing.T) {
	for _, test := range []struct {
		errno syscall.Errno
		want  string
	}{
		{syscall.ENODEV, "ENODEV"},
		{syscall.ENETUNREACH, "ENETUNREACH"},
		{syscall.EAGAIN, "EAGAIN"},
		{syscall.ENOTSUP, "ENOTSUP"},
		{523, "errno 523"},
		{0, "errno 0"},
	} {
		if got := ErrnoName(test.errno); got != test.want {
			t.Errorf("ErrnoName(%d) = %q, want %q", test.errno, got, test.want)
		}
	}
}
