import base from "../shared/base.css";
import { ShadowElement } from "../shared/element";
import { loadTranslator } from "../shared/i18n";
import { Rest } from "../shared/rest";
import type { Me, Suggestion } from "../shared/types";
import { App } from "./app";
import own from "./inbox.css";
import "./kit";
import type { Place } from "./router";
import { Inbox } from "./store";

const usual: [number, number] = [30, 10];

/**
 * `<parley-inbox>`: the messages of whoever is signed in to the site.
 *
 * Attributes: root (the REST root), nonce, nonce-url (a GET answers a fresh one), base
 * (path of the inbox; without it the address of the page is left alone), lang, strings
 * (a JSON file whose wording goes before ours), boot (the answer of /parley/v1/me, which
 * saves asking), to (logins to write to), to-members (who they are), conversation (id to open), scheme ("light",
 * "dark"; otherwise as the system is set), poll ("30,10": seconds between two looks at
 * the list and at the open thread), unread (how many
 * messages of the conversation were unread before the page showed them).
 *
 * Events: parley:unread {count}, parley:navigate {conversation, title}. When the list is
 * there and can be used, the performance mark parley:ready is set.
 */
class ParleyInbox extends ShadowElement {
  static readonly observedAttributes = ["poll"];
  protected readonly styles = `${base}${own}`;
  #inbox: Inbox | null = null;

  protected start() {
    void this.#begin();
  }

  async #begin() {
    const t = await loadTranslator(this.lang || document.documentElement.lang || "en", this.text("strings"));
    if (!this.isConnected || this.#inbox) return;
    const inbox = (this.#inbox = new Inbox({
      rest: new Rest({ root: this.text("root") || "/wp-json/", nonce: this.restNonce(), nonceURL: this.text("nonce-url") }),
      t,
      base: this.text("base"),
      boot: this.#json<Me | null>("boot", null),
      toMembers: this.#json<Suggestion[]>("to-members", []),
      begin: this.#place(),
      poll: this.#poll(),
      unread: Number(this.text("unread")) || 0,
      mark: (data) => Object.assign(this.dataset, data),
      emit: (name, detail) => this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true })),
    }));
    this.draw(<App inbox={inbox} />);
    inbox.start();
  }

  protected stop() {
    this.#inbox?.stop();
    this.#inbox = null;
  }

  attributeChangedCallback() {
    this.#inbox?.setPoll(this.#poll());
  }

  #json<T>(attribute: string, otherwise: T): T {
    try {
      return (JSON.parse(this.text(attribute) || "null") as T | null) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  #place(): Place {
    const to = this.text("to");
    const id = Number(this.text("conversation")) || 0;
    return { kind: id ? "thread" : to ? "new" : "list", id, to, view: "active" };
  }

  #poll(): [number, number] {
    const [list, thread] = this.text("poll").split(",").map(Number);
    return [list && list > 0 ? list : usual[0], thread && thread > 0 ? thread : usual[1]];
  }
}

if (!customElements.get("parley-inbox")) customElements.define("parley-inbox", ParleyInbox);
