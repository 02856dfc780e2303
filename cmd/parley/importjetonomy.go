package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"parley/bpbridge/importer"
	"parley/wpauth"
)

func importJetonomyProCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "jetonomy-pro",
		Short: "Import the private messages of Jetonomy Pro",
		Long: `Imports the conversations of Jetonomy Pro's private messaging, with ids, read
positions, muted, archived, left and blocked states. Which columns its tables have
is looked up: those an older version lacks may be missing. Second direct
conversations of the same two members go into the oldest. A first pass may run
while its extension is enabled; disable it, and run a last one, before parley
serve is started. What is odd in the tables is handled and reported.`,
		Example: `  parley import jetonomy-pro --dry-run
  parley import jetonomy-pro`,
	}
	f.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := f.check(); err != nil {
			return usageError{err}
		}
		return runImport(cmd, &f, func(p *importPlace) importer.Source {
			return importer.NewJetonomyPro(p.source, p.prefix, p.without)
		})
	}
	return cmd
}

// without tells which of some users have no account.
func (p *importPlace) without(ctx context.Context, users []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	for chunk := range slices.Chunk(users, 500) {
		ids := make([]wpauth.UserID, len(chunk))
		for i, id := range chunk {
			ids[i] = wpauth.UserID(id)
		}
		cards, err := p.site.FreshMembers(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if id > 0 && !cards[id].Exists {
				out[int64(id)] = true
			}
		}
	}
	return out, nil
}
