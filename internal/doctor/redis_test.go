package doctor_test

import (
	"strings"
	"testing"

	"parley/internal/doctor"
	"parley/internal/testdb"
	"parley/internal/testredis"
)

func TestRedisIsAskedWhetherItCarriesMessages(t *testing.T) {
	server := testredis.New(t, "--requirepass", "s3cret")
	dsn := testdb.CastDSN(t)
	if _, ok := find(examine(t, dsn), "redis", doctor.OK); ok {
		t.Error("a Redis nobody set was looked at")
	}
	t.Setenv("PARLEY_REALTIME_REDIS", strings.Replace(server.URL(), "://", "://:s3cret@", 1))
	if r := examine(t, dsn); !r.OK {
		t.Errorf("%+v", r)
	} else if _, ok := find(r, "redis", doctor.OK); !ok {
		t.Errorf("%+v", r)
	}
	t.Setenv("PARLEY_REALTIME_REDIS", strings.Replace(server.URL(), "://", "://:wr0ng@", 1))
	r := examine(t, dsn)
	wantProblem(t, r, "redis", "PARLEY_REALTIME_REDIS", "WRONGPASS")
	if f, _ := find(r, "redis", doctor.Problem); strings.Contains(f.Text, "wr0ng") {
		t.Errorf("the password is shown: %s", f.Text)
	}
	server.Kill(t)
	wantProblem(t, examine(t, dsn), "redis", "cannot be used")
}
