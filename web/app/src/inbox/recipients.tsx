import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../shared/avatar";
import { highlight, wordsOf } from "../shared/highlight";
import { Icon } from "../shared/icons";
import { lengthOf } from "./composer";
import type { Suggestion } from "../shared/types";
import type { Inbox } from "./store";

const shortest = 3; // letters the interface looks up
const delay = 200; // ms after the last key

interface Props {
  inbox: Inbox;
  chosen: Suggestion[];
  term: string;
  error: string;
  focus: boolean;
  onChosen: (chosen: Suggestion[]) => void;
  onTerm: (term: string) => void;
}

/** The To field: those chosen as chips, and a list of members to choose from while typing. */
export function Recipients({ inbox, chosen, term, error, focus, onChosen, onTerm }: Props) {
  const { t, me } = inbox;
  const input = useRef<HTMLInputElement>(null);
  const [found, setFound] = useState<Suggestion[] | null>(null);
  const [failed, setFailed] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const full = chosen.length >= (me?.limits.members ?? 20) - 1;
  const q = term.trim();

  useEffect(() => {
    if (focus) input.current?.focus({ preventScroll: true });
  }, [focus]);

  useEffect(() => {
    setFound(null);
    setFailed("");
    setAt(0);
    if (lengthOf(q) < shortest) return;
    const control = new AbortController();
    const timer = setTimeout(async () => {
      try {
        setFound(await inbox.suggest(q, control.signal));
      } catch (e) {
        if (!control.signal.aborted) setFailed(inbox.reason(e, "error.network"));
      }
    }, delay);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [q]);

  const offered = (found ?? []).filter((s) => !chosen.some((c) => c.id === s.id));
  const choose = (s: Suggestion) => {
    onChosen([...chosen, s]);
    onTerm("");
    setOpen(false);
    input.current?.focus();
  };
  const remove = (s: Suggestion) => {
    onChosen(chosen.filter((c) => c.id !== s.id));
    input.current?.focus();
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.isComposing) return;
    if ((e.key === "ArrowDown" || e.key === "ArrowUp") && offered.length) {
      e.preventDefault();
      setOpen(true);
      setAt((at + (e.key === "ArrowDown" ? 1 : -1) + offered.length) % offered.length);
    } else if (e.key === "Enter") {
      e.preventDefault();
      const one = offered[at];
      if (open && one) choose(one);
    } else if (e.key === "Escape" && open && q) {
      e.stopPropagation();
      setOpen(false);
    } else if (e.key === "Backspace" && term === "" && chosen.length) {
      remove(chosen.at(-1)!);
    }
  };
  const shown = open && q !== "";
  const hint =
    lengthOf(q) < shortest ? t("new.type_more", { n: shortest }) : failed || (found && !offered.length ? t("new.no_matches", { space: noun(inbox) }) : "");
  return (
    <div class="to">
      <label for="to">{t("new.to")}</label>
      <div class={`chips field${error ? " bad" : ""}`} onClick={(e) => e.target === e.currentTarget && input.current?.focus()}>
        {chosen.map((s) => (
          <span class="chip" key={s.id}>
            <Avatar name={s.display_name} url={s.avatar_url} />
            <bdi>{s.display_name}</bdi>
            <button type="button" aria-label={t("new.remove", { name: s.display_name })} onClick={() => remove(s)}>
              <Icon name="close" />
            </button>
          </span>
        ))}
        <input
          id="to"
          ref={input}
          value={term}
          disabled={full}
          role="combobox"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-autocomplete="list"
          aria-expanded={shown && offered.length > 0}
          aria-controls="found"
          aria-activedescendant={shown && offered[at] ? `found-${offered[at].id}` : undefined}
          aria-describedby="to-hint"
          aria-invalid={error !== ""}
          placeholder={chosen.length ? "" : t("new.search")}
          onInput={(e) => {
            onTerm(e.currentTarget.value);
            setOpen(true);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
          onKeyPress={(e) => e.key === "Enter" && e.preventDefault()}
        />
      </div>
      <ul id="found" class="found" role="listbox" aria-label={t("new.found")} hidden={!shown || !offered.length}>
        {offered.map((s, i) => (
          <li
            key={s.id}
            id={`found-${s.id}`}
            role="option"
            aria-selected={i === at}
            onPointerDown={(e) => e.preventDefault()}
            onPointerMove={() => setAt(i)}
            onClick={() => choose(s)}
          >
            <Avatar name={s.display_name} url={s.avatar_url} />
            <span>
              <bdi>{highlight(s.display_name, wordsOf(q))}</bdi>
              <small>@{s.login}</small>
            </span>
          </li>
        ))}
      </ul>
      <p id="to-hint" class={error ? "hint bad" : "hint"} role={error ? "alert" : "status"}>
        {error || (shown ? hint : "")}
      </p>
    </div>
  );
}

/** What the site calls a space; within an English sentence nouns are small. */
function noun({ t, me }: Inbox): string {
  const label = me?.labels.space_singular;
  return !label ? t("new.space") : t.locale.startsWith("en") ? label.toLocaleLowerCase(t.locale) : label;
}

/** Finds the members a list of logins names; those that are not found stay text. */
export async function resolve(inbox: Inbox, logins: string, chosen: Suggestion[]): Promise<{ chosen: Suggestion[]; unknown: string }> {
  const unknown: string[] = [];
  const all = [...chosen];
  for (const part of logins.split(/[,;\n]/)) {
    const login = part.trim().replace(/^@/, "");
    if (!login) continue;
    const same = (s: string) => s.toLowerCase() === login.toLowerCase();
    const found = lengthOf(login) >= shortest ? (await inbox.suggest(login)).find((s) => same(s.login) || same(s.display_name)) : undefined;
    if (!found) unknown.push(login);
    else if (!all.some((c) => c.id === found.id)) all.push(found);
  }
  return { chosen: all, unknown: unknown.join(", ") };
}

