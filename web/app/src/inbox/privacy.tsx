import { Icon } from "../shared/icons";
import { Menu } from "../shared/menu";
import type { Inbox } from "./store";

const switches = ["presence", "receipts", "typing"] as const;

/** What others may see of a member; what the site does not have is not offered. */
export function PrivacyMenu({ inbox }: { inbox: Inbox }) {
  const { t, me } = inbox;
  const given = me?.preferences;
  const offered = switches.filter((what) => given && me.features[what] === true);
  if (!given || !offered.length) return null;
  return (
    <Menu
      of="privacy"
      label={t("privacy.title")}
      note={t("privacy.note")}
      items={offered.map((what) => ({ label: t(`privacy.${what}`), checked: given[what], run: () => void inbox.setPrivacy(what, !given[what]) }))}
    >
      <Icon name="shield" />
    </Menu>
  );
}
