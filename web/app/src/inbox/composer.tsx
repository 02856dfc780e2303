import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Translator } from "../shared/i18n";
import { Icon } from "../shared/icons";

/** Code points, as the server counts. */
export const lengthOf = (s: string) => [...s].length;

// A finger has no Shift key: there Enter breaks the line, and the button sends.
const fingers = () => matchMedia("(pointer: coarse) and (hover: none)").matches;

/** Enter sends and Shift+Enter breaks, but never while an input method is composing. */
export function sends(e: KeyboardEvent): boolean {
  return e.key === "Enter" && !e.shiftKey && !e.altKey && !e.ctrlKey && !e.metaKey && !e.isComposing && e.keyCode !== 229 && !fingers();
}

interface Props {
  t: Translator;
  draft: string;
  onDraft: (text: string) => void;
  onSend: (text: string) => void;
  limit: number;
  focus: number;
}

/** The field at the foot of a thread. */
export function Composer({ t, draft, onDraft, onSend, limit, focus }: Props) {
  const [text, setText] = useState(draft);
  const area = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (focus && !fingers()) area.current?.focus({ preventScroll: true });
  }, [focus]);
  useLayoutEffect(() => grow(area.current!), [text]);
  const change = (value: string) => {
    setText(value);
    onDraft(value);
  };
  const left = limit - lengthOf(text);
  const ready = text.trim() !== "" && left >= 0;
  const send = () => {
    if (!ready) return;
    change("");
    onSend(text);
    area.current?.focus({ preventScroll: true });
  };
  return (
    <form
      class="reply"
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
    >
      <div class="grow">
        <textarea
          class="field"
          ref={area}
          rows={1}
          value={text}
          enterkeyhint={fingers() ? "enter" : "send"}
          aria-label={t("thread.type")}
          placeholder={t("thread.type")}
          aria-describedby="left"
          aria-invalid={left < 0}
          onInput={(e) => change(e.currentTarget.value)}
          onKeyPress={(e) => sends(e) && e.preventDefault()}
          onKeyDown={(e) => {
            if (!sends(e)) return;
            e.preventDefault();
            send();
          }}
        />
        <Left t={t} left={left} limit={limit} />
      </div>
      <button type="submit" class="button send" aria-disabled={!ready}>
        <Icon name="send" />
        <span>{t("thread.send")}</span>
      </button>
    </form>
  );
}

/** How much still fits, near the end. */
export function Left({ t, left, limit }: { t: Translator; left: number; limit: number }) {
  const near = left < Math.min(200, limit / 10);
  return (
    <p id="left" class={`left${left < 0 ? " over" : ""}`} aria-live="polite" hidden={!near}>
      {near && (left < 0 ? t("compose.over", { n: -left }) : t("compose.left", { n: left }))}
    </p>
  );
}

/** Makes a text area as high as its text; the style sheet says how high at most. */
export function grow(area: HTMLTextAreaElement) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}
