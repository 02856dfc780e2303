package wpsite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Node is one Parley of a site, running or not.
type Node struct {
	site          *Site
	name          string // of its log
	port, opsPort int

	mu      sync.Mutex
	process *process // nil while it does not run
}

// makeNodes finds the ports of all Parleys, before anything is told of them. The
// wishes are the first one's.
func (s *Site) makeNodes() (err error) {
	for i := range max(s.opts.Nodes, 1) {
		n := &Node{site: s, name: "parley"}
		var wish, ops int
		if i == 0 {
			wish, ops = s.opts.ParleyPort, s.opts.OpsPort
		} else {
			n.name = fmt.Sprintf("parley-%d", i+1)
		}
		if n.port, err = port(wish, true); err != nil {
			return err
		}
		if n.opsPort, err = port(ops, true); err != nil {
			return err
		}
		s.Nodes = append(s.Nodes, n)
	}
	s.OpsURL = s.Nodes[0].OpsURL()
	return nil
}

// Address is where the node listens, host:port.
func (n *Node) Address() string { return "127.0.0.1:" + strconv.Itoa(n.port) }

// OpsURL is the address of its operators' listener.
func (n *Node) OpsURL() string { return "http://127.0.0.1:" + strconv.Itoa(n.opsPort) }

// Start starts the node and waits until it says it is ready. env are variables for this
// run, beside those of the options.
func (n *Node) Start(ctx context.Context, env ...string) (err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.site
	n.process, err = s.start(n.name, append(slices.Clone(s.opts.ParleyEnv), env...), s.opts.Binary, "serve",
		"--wp-config", filepath.Join(s.Dir, "wp-config.php"), "--listen", n.Address(),
		"--ops-listen", strings.TrimPrefix(n.OpsURL(), "http://"))
	if err != nil {
		return err
	}
	return n.process.wait(ctx, func() bool { return answers(n.OpsURL() + "/readyz") })
}

// Running reports whether the node was started, and neither stopped nor killed since.
func (n *Node) Running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process != nil
}

// Stop ends the node as an operator would. One that does not run is left alone.
func (n *Node) Stop() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.process
	n.process = nil
	if p == nil {
		return nil
	}
	return p.stop()
}

// Kill ends the node at once, in the middle of what it does.
func (n *Node) Kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.process
	n.process = nil
	if p != nil {
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
		<-p.done
	}
}

// Log returns what the node has logged so far, in all its runs.
func (n *Node) Log() string {
	b, err := os.ReadFile(filepath.Join(n.site.Logs, n.name+".log"))
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}

// StartParley starts all nodes, the first one first: it makes the tables. env are
// variables for this run, beside those of the options.
func (s *Site) StartParley(ctx context.Context, env ...string) error {
	for _, n := range s.Nodes {
		if err := n.Start(ctx, env...); err != nil {
			return err
		}
	}
	return nil
}

// StopParley ends all nodes as an operator would.
func (s *Site) StopParley() error {
	errs := make(chan error, len(s.Nodes))
	for _, n := range s.Nodes {
		go func() { errs <- n.Stop() }()
	}
	var err error
	for range s.Nodes {
		err = errors.Join(err, <-errs)
	}
	return err
}

// ParleyLog returns what all nodes have logged so far.
func (s *Site) ParleyLog() string {
	var logs []string
	for _, n := range s.Nodes {
		logs = append(logs, n.Log())
	}
	return strings.Join(logs, "\n")
}

// ParleyAddress is where Parley's first node listens, whether it runs or not.
func (s *Site) ParleyAddress() string { return s.Nodes[0].Address() }
