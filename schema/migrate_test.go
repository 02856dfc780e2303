package schema_test

import (
	"testing"

	"parley/internal/testdb"
	"parley/schema"
)

func TestUpMakesEveryTableAndAgainChangesNothing(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t)
	ctx := t.Context()
	if err := schema.Ready(ctx, db, "wp_parley_"); err == nil {
		t.Error("an empty database is called ready")
	}
	applied, err := schema.Up(ctx, db, "wp_parley_")
	if err != nil || len(applied) == 0 {
		t.Fatalf("Up = %v, %v", applied, err)
	}
	again, err := schema.Up(ctx, db, "wp_parley_")
	if err != nil || len(again) != 0 {
		t.Fatalf("second Up = %v, %v", again, err)
	}
	if err := schema.Ready(ctx, db, "wp_parley_"); err != nil {
		t.Error(err)
	}
}
