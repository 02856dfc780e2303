package cluster_test

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestLinksFailAsTheyAreTold makes sure that what members lived through was there.
func TestLinksFailAsTheyAreTold(t *testing.T) {
	l := newLab(t)
	h := l.newHost("one", 7, front, data)
	other := l.newHost("other", 8, data)
	listeners := map[network]string{}
	for _, n := range h.on {
		listener, err := net.Listen("tcp", l.address(n, 1)+":0")
		l.must(err)
		t.Cleanup(func() { _ = listener.Close() })
		listeners[n] = strings.Replace(listener.Addr().String(), ":", "/", 1)
	}
	// reaches connects from the host; a link that is down is found at once, a silent one never.
	reaches := func(from *host, n network) bool {
		script := fmt.Sprintf("exec 3<>/dev/tcp/%s", listeners[n])
		argv := append(from.within(), "timeout", "2", "bash", "-c", script)
		return exec.Command(argv[0], argv[1:]...).Run() == nil
	}
	want := func(step string, onFront, onData bool) {
		t.Helper()
		begun := time.Now()
		if a, b := reaches(h, front), reaches(h, data); a != onFront || b != onData {
			t.Errorf("%s: front %v, data %v, after %v", step, a, b, time.Since(begun))
		}
		if !reaches(other, data) {
			t.Errorf("%s: the other host is cut off, too", step)
		}
	}
	want("at first", true, true)
	h.silence(front)
	want("the front is silent", false, true)
	h.hear(front)
	h.unplug(data)
	want("the front is back, the data link is cut", true, false)
	h.plug(data)
	eventually(t, "both are back", func() error {
		if !reaches(h, front) || !reaches(h, data) {
			return fmt.Errorf("they are not")
		}
		return nil
	})
}
