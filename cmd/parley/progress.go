package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"parley/bpbridge/importer"
)

const (
	// barPause is the time between two states of the bar, linePause between two lines
	// where there is no terminal.
	barPause  = 200 * time.Millisecond
	linePause = 5 * time.Second
	barWidth  = 24
)

// progressBar shows how far something is: a bar with rate and remaining time on a
// terminal, else a line now and then.
type progressBar struct {
	w        io.Writer
	terminal bool

	mu     sync.Mutex
	phase  string
	begun  time.Time // of the phase
	shown  time.Time
	width  int // of what stands in the line
	latest importer.Progress
}

func newProgressBar(w io.Writer) *progressBar {
	f, ok := w.(*os.File)
	b := &progressBar{w: w}
	if ok {
		info, err := f.Stat()
		b.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	return b
}

// show takes a state and shows it when it is time to.
func (b *progressBar) show(p importer.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, pause := time.Now(), linePause
	if b.terminal {
		pause = barPause
	}
	if p.Phase != b.phase {
		b.finish()
		b.phase, b.begun, b.shown = p.Phase, now, time.Time{}
	}
	b.latest = p
	if now.Sub(b.shown) >= pause {
		b.shown = now
		b.draw(now)
	}
}

// say writes a sentence.
func (b *progressBar) say(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
	fmt.Fprintf(b.w, "parley: %s\n", text)
}

// end leaves the last state behind.
func (b *progressBar) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.finish()
}

func (b *progressBar) finish() {
	if b.phase != "" && b.latest.OfMessages > 0 {
		b.draw(time.Now())
	}
	if b.terminal && b.width > 0 {
		fmt.Fprintln(b.w)
		b.width = 0
	}
	b.phase = ""
}

// clear empties the line of the bar.
func (b *progressBar) clear() {
	if b.terminal && b.width > 0 {
		fmt.Fprintf(b.w, "\r%s\r", strings.Repeat(" ", b.width))
		b.width = 0
	}
}

func (b *progressBar) draw(now time.Time) {
	text := progressText(b.latest, b.phase, now.Sub(b.begun), b.terminal)
	if !b.terminal {
		fmt.Fprintln(b.w, text)
		return
	}
	pad := max(0, b.width-len([]rune(text)))
	fmt.Fprintf(b.w, "\r%s%s", text, strings.Repeat(" ", pad))
	b.width = len([]rune(text))
}

// progressText is one state as a line.
func progressText(p importer.Progress, phase string, took time.Duration, bar bool) string {
	if p.OfMessages == 0 {
		return phase + " …"
	}
	// Members write while it is counted: there may be more than there were.
	share := min(float64(p.Messages)/float64(p.OfMessages), 1)
	text := phase + " "
	if bar {
		full := int(share * barWidth)
		text += strings.Repeat("█", full) + strings.Repeat("░", barWidth-full) + " "
	}
	text += fmt.Sprintf("%3.0f %%  %s of %s messages", share*100, number(p.Messages), number(p.OfMessages))
	if took < time.Second || p.Messages == 0 {
		return text
	}
	rate := float64(p.Messages) / took.Seconds()
	left := time.Duration(float64(max(p.OfMessages-p.Messages, 0)) / rate * float64(time.Second))
	return text + fmt.Sprintf("  %s/s  %s left", number(int64(rate)), left.Round(time.Second))
}
