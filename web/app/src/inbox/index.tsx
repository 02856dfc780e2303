import base from "../shared/base.css";
import { ShadowElement } from "../shared/element";
import { loadTranslator } from "../shared/i18n";
import { Rest, RestError } from "../shared/rest";
import type { Conversation, Page } from "../shared/types";

/** `<parley-inbox>`. */
class ParleyInbox extends ShadowElement {
  protected readonly styles = base;

  protected async start() {
    const t = await loadTranslator(this.lang || document.documentElement.lang, this.text("strings"));
    const rest = new Rest({ root: this.text("root") || "/wp-json/", nonce: this.text("nonce"), nonceURL: this.text("nonce-url") });
    try {
      const page = await rest.get<Page<Conversation>>("jetonomy/v1/conversations", { limit: 50 });
      this.draw(
        <nav class="list" aria-label={t("app.messages")}>
          <h1>{t("app.messages")}</h1>
          {page.data.length === 0 && <p>{t("list.empty")}</p>}
          <ul>
            {page.data.map((c) => (
              <li key={c.id}>
                <a class="row" href={`${this.text("base")}${c.id}/`}>
                  {c.title}
                </a>
              </li>
            ))}
          </ul>
        </nav>,
      );
    } catch (e) {
      this.draw(<p role="alert">{t(e instanceof RestError && e.signedOut ? "error.signed_out" : "error.network")}</p>);
    }
  }

  protected stop() {}
}

if (!customElements.get("parley-inbox")) customElements.define("parley-inbox", ParleyInbox);
