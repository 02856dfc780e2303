package messaging

import "context"

// Admit implements Messenger.
func (s *Service) Admit(ctx context.Context, a Actor, g Gate) error {
	st, err := s.dir.Standing(ctx, a.ID, a.IP)
	if err != nil {
		return s.fault(ctx, err)
	}
	switch {
	case st.GlobalBan:
		return Refuse(Banned, "Your account has been banned from this community.")
	case st.PendingVerification:
		return Refuse(PendingVerification, "Confirm your email to finish signing up before posting.")
	case g != GateSettings && st.Silenced:
		return Refuse(Silenced, "You are currently silenced.")
	case g == GateWrite && st.IPBanned:
		return Refuse(IPBanned, "You cannot send messages from this address.")
	}
	return nil
}
