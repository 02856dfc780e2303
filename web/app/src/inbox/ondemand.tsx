import { Component, type ComponentChildren } from "preact";
import type { Translator } from "../shared/i18n";

type Later = typeof import("./later");

let there: Later | null = null;
let loading: Promise<void> | null = null;
let attempts = 0;

/** Loads it, if it is not there. */
export function load(): Promise<void> {
  // A browser may remember that an address failed.
  const address = LATER + (attempts ? `?${attempts}` : "");
  return (loading ??= import(new URL(address, import.meta.url).href).then(
    (later: Later) => {
      there = later;
    },
    (e) => {
      loading = null;
      attempts++;
      throw e;
    },
  ));
}

interface Props {
  t: Translator;
  draw: (later: Later) => ComponentChildren;
  /** Shown until it is there. */
  wait: ComponentChildren;
}

/** Shows something of later.tsx, which is loaded the first time. */
export class OnDemand extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  override componentDidMount() {
    if (!there) this.#load();
  }

  #load() {
    this.setState({ failed: false });
    load().then(
      () => this.setState({}),
      () => this.setState({ failed: true }),
    );
  }

  override render({ t, draw, wait }: Props) {
    if (there) return draw(there);
    if (!this.state.failed) return wait;
    return (
      <div class="nothing" role="alert">
        <p>{t("error.network")}</p>
        <button type="button" class="button quiet" onClick={() => this.#load()}>
          {t("app.retry")}
        </button>
      </div>
    );
  }
}
