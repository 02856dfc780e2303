import { useEffect, useState } from "preact/hooks";
import { useOversight } from "./context";
import { MemberField } from "./member";
import { start } from "./place";

/** The form above the list. */
export function Filters({ shown }: { shown: string }) {
  const { t, place, go } = useOversight();
  const [member, setMember] = useState({ text: shown, id: 0 });
  const [from, setFrom] = useState(place.from);
  const [to, setTo] = useState(place.to);
  useEffect(() => setMember({ text: shown || place.member, id: 0 }), [shown, place.member]);
  useEffect(() => (setFrom(place.from), setTo(place.to)), [place.from, place.to]);

  const wanted = member.id ? String(member.id) : member.text.trim() === shown ? place.member : member.text.trim();
  return (
    <form
      class="filters"
      role="search"
      aria-label={t("oversight.filters")}
      onSubmit={(e) => {
        e.preventDefault();
        go({ ...start, member: wanted, from, to });
      }}
    >
      <MemberField value={member.text} onChange={(text, id) => setMember({ text, id })} />
      <div>
        <label for="from">{t("oversight.filter.from")}</label>
        <input id="from" class="field" type="date" value={from} max={to || undefined} onInput={(e) => setFrom(e.currentTarget.value)} />
      </div>
      <div>
        <label for="to">{t("oversight.filter.to")}</label>
        <input id="to" class="field" type="date" value={to} min={from || undefined} onInput={(e) => setTo(e.currentTarget.value)} />
      </div>
      <div class="buttons">
        <button type="submit" class="button">
          {t("oversight.filter.apply")}
        </button>
        {(place.member || place.from || place.to) && (
          <button type="button" class="button quiet" onClick={() => go(start)}>
            {t("oversight.filter.reset")}
          </button>
        )}
      </div>
    </form>
  );
}
