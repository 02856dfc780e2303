import { type ComponentChildren, h } from "preact";
import { highlight } from "./highlight";

const allowed = new Set(["P", "BR", "STRONG", "EM", "B", "I", "U", "S", "CODE", "PRE", "BLOCKQUOTE", "UL", "OL", "LI"]);
const silent = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT"]);
const deepest = 40;

/**
 * Builds nodes out of the HTML of a message. It is made safe on the server already; here
 * it is read in a document that runs and loads nothing, and only the tags a message may
 * have are made anew, without attributes. A link leads to http, https or mailto and away
 * from this page. Words of a search are marked.
 */
export function rich(html: string, words: readonly string[] = []): ComponentChildren {
  return children(new DOMParser().parseFromString(html, "text/html").body, words, 0);
}

function children(node: Node, words: readonly string[], depth: number): ComponentChildren[] {
  const out: ComponentChildren[] = [];
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      out.push(highlight(child.nodeValue ?? "", words));
    } else if (child.nodeType === Node.ELEMENT_NODE) {
      const element = child as Element;
      const name = element.tagName;
      if (silent.has(name)) continue;
      const inner = depth < deepest ? children(element, words, depth + 1) : [element.textContent];
      const href = name === "A" ? safeLink(element.getAttribute("href")) : "";
      if (href) out.push(h("a", { href, target: "_blank", rel: "noopener nofollow ugc" }, ...inner));
      // Long lines of code scroll, and have to by keyboard too.
      else if (allowed.has(name)) out.push(h(name.toLowerCase(), name === "PRE" ? { tabIndex: 0 } : null, ...(name === "BR" ? [] : inner)));
      else out.push(...inner);
    }
  }
  return out;
}

/** The address of a link that may be followed, "" for another. */
export function safeLink(href: string | null): string {
  try {
    const url = new URL(href ?? "");
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}
