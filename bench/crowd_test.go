//go:build bench

package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// crowdMark tells this binary that it is to be a crowd's process.
const crowdMark = "PARLEY_BENCH_CROWD"

func TestMain(m *testing.M) {
	if os.Getenv(crowdMark) != "" {
		crowdProcess()
		return
	}
	os.Exit(m.Run())
}

// crowd is swarms in processes of their own: one process may have 20,000 files.
type crowd struct {
	t     *testing.T
	procs []*crowdProc
}

type crowdProc struct {
	cmd *exec.Cmd
	in  *json.Encoder
	out *json.Decoder
}

// crowdOrder is what a process is asked; the answer is crowdState.
type crowdOrder struct {
	Enter     *crowdEntry
	Returning *int
}

type crowdEntry struct {
	Kind     peerKind
	Address  string
	Members  []int64
	AtOnce   int
	Patience time.Duration
}

type crowdState struct {
	Open, Failed, Ended, Goodbyes, Frames, Resets, Hellos int64
	Error                                                 string
	Reasons                                               map[string]int64
}

func newCrowd(t *testing.T, processes int) *crowd {
	t.Helper()
	c := &crowd{t: t}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range processes {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), crowdMark+"=1", "GOGC=400")
		cmd.Stderr = os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		in, err1 := cmd.StdinPipe()
		out, err2 := cmd.StdoutPipe()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c.procs = append(c.procs, &crowdProc{cmd, json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))})
		t.Cleanup(func() {
			_ = in.Close()
			_ = cmd.Wait()
		})
	}
	return c
}

// leave ends the crowd's processes, and with them its connections.
func (c *crowd) leave() {
	for _, p := range c.procs {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		_ = p.cmd.Wait()
	}
}

// enter connects members, spread over the processes, and waits until all are in.
func (c *crowd) enter(kind peerKind, address string, members []int64, atOnce int) {
	c.t.Helper()
	n := len(c.procs)
	c.each(func(i int) crowdOrder {
		return crowdOrder{Enter: &crowdEntry{kind, address, members[len(members)*i/n : len(members)*(i+1)/n], max(1, atOnce/n), 3 * time.Minute}}
	})
}

// each gives all processes an order at once and adds up their answers.
func (c *crowd) each(order func(i int) crowdOrder) (sum crowdState) {
	c.t.Helper()
	sum.Reasons = map[string]int64{}
	for i, p := range c.procs {
		if err := p.in.Encode(order(i)); err != nil {
			c.t.Fatal(err)
		}
	}
	for _, p := range c.procs {
		var s crowdState
		if err := p.out.Decode(&s); err != nil {
			c.t.Fatalf("a process of the crowd is gone: %v", err)
		}
		if s.Error != "" {
			c.t.Fatal(s.Error)
		}
		for reason, n := range s.Reasons {
			sum.Reasons[reason] += n
		}
		sum.Open, sum.Failed, sum.Ended = sum.Open+s.Open, sum.Failed+s.Failed, sum.Ended+s.Ended
		sum.Goodbyes, sum.Frames, sum.Resets, sum.Hellos = sum.Goodbyes+s.Goodbyes, sum.Frames+s.Frames, sum.Resets+s.Resets, sum.Hellos+s.Hellos
	}
	return sum
}

func (c *crowd) state() crowdState {
	c.t.Helper()
	return c.each(func(int) crowdOrder { return crowdOrder{} })
}

func (c *crowd) returning(how int) {
	c.t.Helper()
	c.each(func(int) crowdOrder { return crowdOrder{Returning: &how} })
}

// crowdProcess answers orders until its input ends.
func crowdProcess() {
	s, err := newSwarm(1, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for {
		var o crowdOrder
		if err := in.Decode(&o); err != nil {
			if err != io.EOF {
				fmt.Fprintln(os.Stderr, err)
			}
			return
		}
		var answer crowdState
		if o.Returning != nil {
			s.returning.Store(int32(*o.Returning))
		}
		if e := o.Enter; e != nil {
			if err := s.enter(e.Kind, e.Address, e.Members, e.AtOnce, e.Patience); err != nil {
				answer.Error = err.Error()
			}
		}
		answer.Reasons = s.whys()
		answer.Open, answer.Failed, answer.Ended = s.open.Load(), s.failed.Load(), s.ended.Load()
		answer.Goodbyes, answer.Frames, answer.Resets, answer.Hellos = s.goodbyes.Load(), s.frames.Load(), s.resets.Load(), s.hellos.Load()
		_ = out.Encode(answer)
	}
}
