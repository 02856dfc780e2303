import base from "../shared/base.css";
import { ShadowElement } from "../shared/element";
import { loadTranslator } from "../shared/i18n";
import { Rest } from "../shared/rest";
import type { Me } from "../shared/types";
import { App } from "./app";
import own from "./oversight.css";

/**
 * `<parley-oversight root nonce nonce-url lang base boot strings>`: every conversation of
 * the site, for holders of manage_options. base is the address of the page it is on;
 * without one it leaves the location alone.
 */
class ParleyOversight extends ShadowElement {
  protected readonly styles = base + own;

  protected async start() {
    const rest = new Rest({ root: this.text("root") || "/wp-json/", nonce: this.text("nonce"), nonceURL: this.text("nonce-url") });
    const [t, me] = await Promise.all([
      loadTranslator(this.lang || document.documentElement.lang, this.text("strings")),
      this.me(rest),
    ]);
    this.draw(<App t={t} rest={rest} zone={me?.site?.timezone ?? "UTC"} base={this.text("base")} />);
  }

  /** Only the time zone is needed of it; without an answer that is UTC. */
  private async me(rest: Rest): Promise<Me | null> {
    try {
      const boot = this.text("boot");
      return boot ? (JSON.parse(boot) as Me) : await rest.get<Me>("parley/v1/me");
    } catch {
      return null;
    }
  }

  protected stop() {}
}

if (!customElements.get("parley-oversight")) customElements.define("parley-oversight", ParleyOversight);
