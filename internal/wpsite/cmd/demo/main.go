// Command demo shows Parley: it brings up a site with sample members and
// conversations, prints its address and the logins, and stays until Ctrl-C.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"parley/internal/wpsite"
)

func main() {
	// A second Ctrl-C is no reason to leave half of it running.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	port := 8080
	if v := os.Getenv("DEMO_PORT"); v != "" {
		if port, err = strconv.Atoi(v); err != nil || port < 1 || port > 65535 {
			return fmt.Errorf("DEMO_PORT=%s is not a port", v)
		}
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	site, err := wpsite.Start(ctx, wpsite.Options{
		Root: root, Binary: root + "/bin/parley", WordPressDir: os.Getenv("WORDPRESS_DIR"),
		Port: port, ParleyPort: 8070, OpsPort: 8071,
		Companion: true, // for its badge and its pages in wp-admin; nginx sends Parley the rest
		Progress:  func(what string) { fmt.Fprintln(os.Stderr, "==", what) },
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil // asked to stop while starting
		}
		return err
	}
	fmt.Fprintln(os.Stderr, "== letting the members talk")
	if err := site.Seed(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, site.ParleyLog())
		_ = site.Close()
		return err
	}
	if ctx.Err() == nil {
		announce(site)
		<-ctx.Done()
	}
	fmt.Fprintln(os.Stderr, "\n== taking everything down")
	return site.Close()
}

func announce(site *wpsite.Site) {
	fmt.Printf("\nParley is at %s/community/messages/\nWordPress is at %s/\n\n", site.URL, site.URL)
	for _, m := range site.Members {
		fmt.Printf("login: %-6s password: %-15s (%s, %s, trust level %d)\n", m.Login, m.Password, m.Name, m.Role, m.Trust)
	}
	fmt.Printf("\nMetrics and health: %s/metrics. Ctrl-C takes everything down.\n", site.OpsURL)
}
