import { useState } from "preact/hooks";

/** The first letters of the first and the last word of a name. */
export function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{M}\p{N}]+/u).filter(Boolean);
  const first = (w: string | undefined) => (w ? [...w][0]!.toLocaleUpperCase() : "");
  return words.length === 0 ? "?" : first(words[0]) + (words.length > 1 ? first(words.at(-1)) : "");
}

/** One of eight tints, always the same for a name. */
export function tint(name: string): number {
  let h = 0;
  for (const c of name) h = (h * 31 + c.codePointAt(0)!) >>> 0;
  return ((h ^ (h >>> 9) ^ (h >>> 17)) >>> 0) % 8;
}

/** A member's picture, or initials where there is none or it does not load. Said nowhere: the name stands beside it. */
export function Avatar({ name, url, letters }: { name: string; url?: string | undefined; letters?: string }) {
  const [broken, setBroken] = useState("");
  if (url && /^(https?:)?\/\/|^\/|^data:image\//i.test(url) && broken !== url) {
    return <img class="avatar" src={url} alt="" width={40} height={40} loading="lazy" decoding="async" onError={() => setBroken(url)} />;
  }
  return (
    <span class={`avatar tint${tint(name)}`} aria-hidden="true">
      {letters ?? initials(name)}
    </span>
  );
}
