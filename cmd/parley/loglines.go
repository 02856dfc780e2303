package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// logDelay is how long a line of a quiet level may wait to be written with others.
	logDelay = 100 * time.Millisecond
	// logBuffer is how much may wait.
	logBuffer = 32 << 10
)

// logLines gathers lines of the log and writes many at once: a write for each request
// was a tenth of what an answer from memory costs. Whoever ends the program calls
// Flush; a program that is killed loses logDelay of its quiet lines.
type logLines struct {
	w io.Writer

	mu    sync.Mutex
	lines []byte
	timer *time.Timer // runs while lines wait
}

// Write implements io.Writer; an error of the writer behind it is nobody's concern.
func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, p...)
	switch {
	case len(l.lines) >= logBuffer:
		l.flush()
	case l.timer == nil:
		l.timer = time.AfterFunc(logDelay, l.Flush)
	}
	return len(p), nil
}

// Flush writes what waits.
func (l *logLines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
}

func (l *logLines) flush() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	_, _ = l.w.Write(l.lines)
	l.lines = l.lines[:0]
}

// promptHandler writes lines of importance, and all before them, at once.
type promptHandler struct {
	slog.Handler
	lines *logLines
}

func (h promptHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.lines.Flush()
	}
	return err
}

func (h promptHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return promptHandler{h.Handler.WithAttrs(attrs), h.lines}
}

func (h promptHandler) WithGroup(name string) slog.Handler {
	return promptHandler{h.Handler.WithGroup(name), h.lines}
}
