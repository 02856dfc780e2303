package api

import "parley/wprest"

// examine tells an administrator what parley doctor would say of the running
// installation. 200 also when there are problems: they are the answer.
func (s *server) examine(c *wprest.Call) error {
	if err := s.Messenger.OverseeInstallation(c.Ctx, actor(c)); err != nil {
		return err
	}
	report, j := s.Doctor(c.Ctx), c.Out
	j.Open()
	j.Key("version").Str(s.Version)
	j.Key("ok").Bool(report.OK)
	j.Key("findings").OpenList()
	for _, f := range report.Findings {
		j.Open()
		j.Key("check").Str(f.Check)
		j.Key("verdict").Str(string(f.Verdict))
		j.Key("text").Str(f.Text)
		j.Key("mend").Str(f.Mend)
		j.Close()
	}
	j.CloseList()
	j.Close()
	return nil
}
