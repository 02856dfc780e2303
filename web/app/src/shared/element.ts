import { type ComponentChild, render } from "preact";

/**
 * A custom element whose content lives in a shadow root, styled by sheets of its own:
 * no rule of the page reaches in, and none reaches out. What stands between its tags is
 * shown until the script runs.
 */
export abstract class ShadowElement extends HTMLElement {
  #root: ShadowRoot | null = null;
  #started = false;

  protected abstract readonly styles: string;
  /** Called when the element came into a page. */
  protected abstract start(): void;
  /** Called when it is gone for good. */
  protected abstract stop(): void;

  connectedCallback() {
    if (!this.#root) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(this.styles);
      this.#root = this.attachShadow({ mode: "open" });
      this.#root.adoptedStyleSheets = [sheet];
    }
    if (!this.#started) {
      this.#started = true;
      this.start();
    }
  }

  disconnectedCallback() {
    // A theme that moves the element takes it out and puts it back at once.
    queueMicrotask(() => {
      if (this.isConnected || !this.#started) return;
      this.#started = false;
      this.stop();
      this.draw(null);
    });
  }

  protected draw(what: ComponentChild) {
    if (this.#root) render(what, this.#root);
  }

  /** The attribute nonce; browsers blank it on pages with a Content-Security-Policy, and keep it here. */
  protected restNonce(): string {
    return this.getAttribute("nonce") || this.nonce || "";
  }

  protected text(attribute: string): string {
    return this.getAttribute(attribute) ?? "";
  }
}
