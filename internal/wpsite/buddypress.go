package wpsite

import (
	"context"
	_ "embed"
	"fmt"
)

//go:embed buddypress.sql
var buddyPressSQL string

// installBuddyPress makes the one table of BuddyPress that Parley writes to.
func (s *Site) installBuddyPress(ctx context.Context) error {
	db, err := s.DB(databaseName)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, buddyPressSQL); err != nil {
		return fmt.Errorf("table of BuddyPress: %w", err)
	}
	return nil
}
