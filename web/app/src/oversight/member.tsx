import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar";
import type { Suggestion } from "../shared/types";
import { useOversight } from "./context";

const shortest = 3; // letters the server looks names up from
const pause = 250; // milliseconds without a key before it is asked

/** A field for a member: a name to choose from, or a login or id as it is. */
export function MemberField({ value, onChange }: { value: string; onChange: (text: string, id: number) => void }) {
  const { t, rest } = useOversight();
  const [offered, setOffered] = useState<Suggestion[]>([]);
  const [at, setAt] = useState(-1);
  const [asked, setAsked] = useState("");
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const q = asked.trim();
    if ([...q].length < shortest) {
      setOffered([]);
      return;
    }
    const control = new AbortController();
    const timer = setTimeout(() => {
      rest.get<{ data: Suggestion[] }>("jetonomy/v1/messaging/recipient-suggestions", { q, limit: 8 }, control.signal).then(
        (found) => (setOffered(found.data), setAt(-1)),
        () => setOffered([]), // a login can still be typed out
      );
    }, pause);
    return () => (clearTimeout(timer), control.abort());
  }, [asked]);

  const close = () => (setOffered([]), setAsked(""), setAt(-1));
  const choose = (m: Suggestion) => {
    onChange(m.display_name, m.id);
    close();
  };
  return (
    <div
      class="member-field"
      ref={box}
      onFocusOut={(e) => {
        if (!box.current!.contains(e.relatedTarget as Node | null)) close();
      }}
    >
      <label for="member">{t("oversight.filter.member")}</label>
      <input
        id="member"
        class="field"
        type="text"
        role="combobox"
        autoComplete="off"
        autoCapitalize="none"
        spellcheck={false}
        dir="auto"
        maxLength={100}
        placeholder={t("oversight.filter.member_hint")}
        aria-expanded={offered.length > 0}
        aria-controls="members"
        aria-autocomplete="list"
        aria-activedescendant={at >= 0 ? `member-${offered[at]?.id}` : undefined}
        value={value}
        onInput={(e) => {
          onChange(e.currentTarget.value, 0);
          setAsked(e.currentTarget.value);
        }}
        onKeyDown={(e) => {
          if (!offered.length) return;
          if (e.key === "ArrowDown" || e.key === "ArrowUp") {
            e.preventDefault();
            setAt((at + (e.key === "ArrowDown" ? 1 : offered.length + (at < 0 ? 0 : -1))) % offered.length);
          } else if (e.key === "Enter" && at >= 0) {
            e.preventDefault();
            choose(offered[at]!);
          } else if (e.key === "Escape") {
            e.stopPropagation();
            close();
          }
        }}
      />
      <ul id="members" role="listbox" aria-label={t("oversight.filter.member")} class="menu" hidden={!offered.length}>
        {offered.map((m, i) => (
          <li
            key={m.id}
            id={`member-${m.id}`}
            role="option"
            aria-selected={i === at}
            onPointerDown={(e) => e.preventDefault()}
            onClick={() => choose(m)}
          >
            <Avatar name={m.display_name} url={m.avatar_url} />
            <span class="who">
              <strong><bdi>{m.display_name}</bdi></strong> <bdi class="muted" dir="ltr">@{m.login}</bdi>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
