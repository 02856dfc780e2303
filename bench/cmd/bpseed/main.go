// Command bpseed fills a database with the private messages of a BuddyPress site, for
// trying an import at the size of a real one. It makes BuddyPress's message tables
// anew: what was in them is gone.
//
//	go run ./bench/cmd/bpseed -dsn 'user:password@unix(/run/mysqld/mysqld.sock)/trial' -threads 100000 -messages 1000000
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"parley/bench/bpseed"
	"parley/internal/mysql"
)

func main() {
	dsn := flag.String("dsn", "", "database, as the Go driver spells it: user:password@tcp(host:3306)/name")
	var o bpseed.Options
	flag.StringVar(&o.Prefix, "prefix", "wp_", "prefix of the tables")
	flag.IntVar(&o.Threads, "threads", 100_000, "number of threads")
	flag.IntVar(&o.Messages, "messages", 0, "number of messages (ten for each thread)")
	flag.IntVar(&o.Members, "members", 0, "number of members (a tenth of the threads)")
	flag.Uint64Var(&o.Seed, "seed", 1, "the same number gives the same rows")
	flag.BoolVar(&o.Accounts, "accounts", false, "write users as well")
	flag.BoolVar(&o.Clean, "clean", false, "without the oddities of old databases")
	flag.Parse()
	if *dsn == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(*dsn, o); err != nil {
		fmt.Fprintln(os.Stderr, "bpseed:", err)
		os.Exit(1)
	}
}

func write(dsn string, o bpseed.Options) error {
	ctx, began := context.Background(), time.Now()
	db, err := mysql.Open(ctx, mysql.Options{DSN: dsn, MaxOpenConns: 1})
	if err != nil {
		return err
	}
	defer db.Close()
	sum, err := bpseed.Write(ctx, db.DB, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "written in %.0f s\n", time.Since(began).Seconds())
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(sum)
}
