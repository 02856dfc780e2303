import type { ComponentChildren } from "preact";

/** The words of a search term. */
export function wordsOf(term: string): string[] {
  return [...new Set(term.split(/\s+/).map(fold).filter(Boolean))];
}

/** Letters without case and accents, as the search compares them. */
export function fold(s: string): string {
  return s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** The places of the words in a text, as pairs of indexes, in order and apart. */
export function hits(text: string, words: readonly string[]): [number, number][] {
  if (!words.length) return [];
  // Folding may change lengths: where each folded unit comes from.
  let folded = "";
  const from: number[] = [];
  let at = 0;
  for (const c of text) {
    for (const unit of fold(c)) {
      for (let i = 0; i < unit.length; i++) from.push(at);
      folded += unit;
    }
    at += c.length;
  }
  from.push(text.length);
  const found: [number, number][] = [];
  for (const word of words) {
    for (let i = folded.indexOf(word); i >= 0; i = folded.indexOf(word, i + word.length)) {
      let end = i + word.length;
      while (from[end] === from[end - 1]) end++; // a letter is marked whole
      found.push([from[i]!, from[end]!]);
    }
  }
  found.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  const apart: [number, number][] = [];
  for (const [start, end] of found) {
    const last = apart.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else apart.push([start, end]);
  }
  return apart;
}

/** A text with the words marked. */
export function highlight(text: string, words: readonly string[]): ComponentChildren {
  const found = hits(text, words);
  if (!found.length) return text;
  const out: ComponentChildren[] = [];
  let at = 0;
  for (const [start, end] of found) {
    out.push(text.slice(at, start), <mark key={start}>{text.slice(start, end)}</mark>);
    at = end;
  }
  out.push(text.slice(at));
  return out;
}
