import { Component, createRef } from "preact";
import { Icon } from "../shared/icons";
import { ListPane, Skeleton } from "./list";
import { load, OnDemand } from "./ondemand";
import type { Inbox } from "./store";
import { ThreadPane } from "./threadpane";

/** The inbox: the list, and beside it a thread, the composer of a new message, or nothing. */
export class App extends Component<{ inbox: Inbox }> {
  #stop: (() => void) | undefined;
  readonly #frame = createRef<HTMLDivElement>();

  /** Who begins to use the inbox finds everything there, even when the network goes. */
  readonly #used = () => void load().catch(() => {});

  override componentWillMount() {
    this.#stop = this.props.inbox.subscribe(() => this.setState({}));
  }

  override componentWillUnmount() {
    this.#stop?.();
  }

  override render({ inbox }: { inbox: Inbox }) {
    const { t, place, phase } = inbox;
    if (phase === "signed-out") {
      return (
        <div class="frame alone">
          <div class="nothing" role="alert">
            <p>{t("error.signed_out")}</p>
            <a class="button" href={inbox.signIn}>
              {t("app.sign_in")}
            </a>
          </div>
        </div>
      );
    }
    return (
      <div class="query" onPointerOver={this.#used} onKeyDown={this.#used}>
        <div class={`frame ${place.kind === "list" ? "at-list" : "at-pane"}`} ref={this.#frame}>
          {inbox.offline && (
            <p class="banner" role="status">
              <Icon name="offline" />
              <span>{t("app.offline")}</span>
            </p>
          )}
          <ListPane inbox={inbox} />
          <section class="pane" aria-label={t(place.kind === "new" ? "new.title" : "thread.label")}>
            {place.kind === "thread" && inbox.thread ? (
              <ThreadPane key={inbox.thread.id} inbox={inbox} thread={inbox.thread} />
            ) : place.kind === "new" ? (
              <OnDemand t={t} wait={<Skeleton label={t("app.loading")} />} draw={({ NewPane }) => <NewPane key={place.to} inbox={inbox} />} />
            ) : (
              <div class="nothing">
                <Icon name="speech" />
                <p>{t("pane.empty")}</p>
              </div>
            )}
          </section>
          <div class="hidden" role="log" aria-live="polite">
            {inbox.said.text && <p key={inbox.said.n}>{inbox.said.text}</p>}
          </div>
          <div class="toasts" role="status">
            {inbox.toast && (
              <p class={`toast${inbox.toast.alarm ? " bad" : ""}`}>
                <span>{inbox.toast.text}</span>
                <button type="button" class="icon" aria-label={t("app.dismiss")} onClick={() => inbox.hush()}>
                  <Icon name="close" />
                </button>
              </p>
            )}
          </div>
        </div>
      </div>
    );
  }
}
