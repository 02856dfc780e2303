package api_test

import (
	"context"
	"testing"

	"parley/internal/doctor"
	"parley/internal/testdb"
)

func TestAdministratorsSeeWhatDoctorSees(t *testing.T) {
	t.Parallel()
	examined := 0
	c := newCommunity(t, func(s *setup) {
		s.doctor = func(context.Context) doctor.Report {
			examined++
			return doctor.Report{Findings: []doctor.Finding{
				{Check: "database", Verdict: doctor.OK, Text: "The database answers."},
				{Check: "rights", Verdict: doctor.Problem, Text: "A right is <missing>.", Mend: "GRANT it."},
			}}
		}
	})
	for _, who := range []string{"alice", "mona"} {
		c.as(who).get(admin+"/doctor").refused(403, "rest_forbidden")
	}
	c.nobody().get(admin+"/doctor").refused(401, "rest_not_logged_in")
	if examined != 0 {
		t.Errorf("examined %d times for people who may not", examined)
	}
	seen := c.web("admin").get(admin + "/doctor").want(200)
	seen.eq("version", "1.2.3").eq("ok", false).eq("findings.0.verdict", "ok").eq("findings.0.mend", "").
		eq("findings.1.check", "rights").eq("findings.1.text", "A right is <missing>.").eq("findings.1.mend", "GRANT it.")
	c.wantCount(1, "SELECT COUNT(*) FROM wp_parley_audit_log WHERE action = 'installation.view' AND actor_id = ?", testdb.Admin)
}

func TestWithoutDoctorThereIsNoSuchAddress(t *testing.T) {
	t.Parallel()
	newCommunity(t).as("admin").get(admin+"/doctor").refused(404, "rest_no_route")
}
