import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface MenuItem {
  label: string;
  danger?: boolean;
  /** A switch, and how it stands; the menu stays open. */
  checked?: boolean;
  run: () => void;
}

/** A button with a menu: arrows, Home, End, a letter, Escape, and a click elsewhere do what they do in menus. */
export function Menu({ label, items, children, note, of = "has-menu" }: {
  label: string;
  items: MenuItem[];
  children: ComponentChildren;
  /** A sentence below the entries. */
  note?: string;
  /** Class of what holds the button and the menu. */
  of?: string;
}) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const entries = () => [...box.current!.querySelectorAll<HTMLElement>('[role^="menuitem"]')];

  useLayoutEffect(() => {
    if (!open) return;
    entries()[0]?.focus();
    const elsewhere = (e: Event) => {
      if (!e.composedPath().includes(box.current!)) setOpen(false);
    };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const list = entries();
    const at = list.indexOf((box.current!.getRootNode() as ShadowRoot).activeElement as HTMLElement);
    const go = (to: number) => {
      e.preventDefault();
      list.at(to % list.length)?.focus();
    };
    if (e.key === "ArrowDown") go(at + 1);
    else if (e.key === "ArrowUp") go(at - 1);
    else if (e.key === "Home") go(0);
    else if (e.key === "End") go(-1);
    else if (e.key === "Tab") setOpen(false);
    else if (e.key === "Escape") {
      e.stopPropagation();
      close();
    } else if (e.key.length === 1 && e.key !== " ") {
      const from = [...list.slice(at + 1), ...list.slice(0, at + 1)];
      from.find((i) => i.textContent!.toLowerCase().startsWith(e.key.toLowerCase()))?.focus();
    }
  };
  return (
    <div class={of} ref={box}>
      <button
        type="button"
        class="icon"
        ref={button}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        onKeyDown={(e) => {
          if (!open && (e.key === "ArrowDown" || e.key === "ArrowUp")) {
            e.preventDefault();
            setOpen(true);
          }
        }}
      >
        {children}
      </button>
      {open && (
        <div class="menu" role="menu" aria-label={label} onKeyDown={onKeyDown}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
              aria-checked={item.checked}
              tabIndex={-1}
              class={item.danger ? "danger" : undefined}
              onClick={() => {
                if (item.checked === undefined) close();
                item.run();
              }}
            >
              {item.label}
            </button>
          ))}
          {note && <p class="note">{note}</p>}
        </div>
      )}
    </div>
  );
}
