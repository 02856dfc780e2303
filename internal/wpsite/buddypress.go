package wpsite

import (
	"context"
	"fmt"

	"parley/internal/testdb"
)

// installBuddyPress makes the one table of BuddyPress that Parley writes to.
func (s *Site) installBuddyPress(ctx context.Context) error {
	db, err := s.DB(databaseName)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, testdb.Tables("wp_bp_notifications")); err != nil {
		return fmt.Errorf("table of BuddyPress: %w", err)
	}
	return nil
}
