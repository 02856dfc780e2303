import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { RestError } from "../shared/rest";
import { useOversight } from "./context";
import type { Loaded } from "./load";
import { type Place, hrefOf } from "./place";

/** A link to another place of the page: an address where it has one, else a button. */
export function Go({ to, class: c, label, current, children }: { to: Place; class?: string; label?: string; current?: boolean; children: ComponentChildren }) {
  const { base, go } = useOversight();
  const aria = { "aria-label": label, "aria-current": current ? ("page" as const) : undefined };
  if (!base) {
    return (
      <button type="button" class={c ?? "link"} onClick={() => go(to)} {...aria}>
        {children}
      </button>
    );
  }
  return (
    <a
      class={c}
      href={hrefOf(to, base)}
      {...aria}
      onClick={(e) => {
        if (e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
        e.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

/** The heading of a view; it has the focus after one got there, so that it is read out. */
export function Heading({ children, arrived }: { children: ComponentChildren; arrived: boolean }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (arrived) ref.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={ref} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** What stands in the place of something that is not there yet, or could not be had. */
export function Pending({ loaded }: { loaded: Loaded<unknown> }) {
  const { t } = useOversight();
  if (loaded.error) return <Failure error={loaded.error} again={loaded.again} />;
  return (
    <div class="pending" role="status">
      <span class="hidden">{t("oversight.loading")}</span>
      {[1, 2, 3, 4].map((n) => (
        <div class="ghost" key={n} aria-hidden="true" />
      ))}
    </div>
  );
}

export function Failure({ error, again }: { error: RestError; again: () => void }) {
  const { t } = useOversight();
  return (
    <div class="alarm failure" role="alert">
      <p>{sentence(error, t)}</p>
      {error.transient && (
        <button type="button" class="button quiet small" onClick={again}>
          {t("oversight.retry")}
        </button>
      )}
    </div>
  );
}

/** An error in a sentence of the page's language. */
export function sentence(e: RestError, t: ReturnType<typeof useOversight>["t"]): string {
  if (e.status === 0) return t("error.network");
  if (e.signedOut) return t("error.signed_out");
  if (e.status === 403) return t("oversight.forbidden");
  if (e.status === 404) return t("oversight.not_found");
  if (e.status === 400) return t("oversight.no_member");
  return t("oversight.failed");
}

/** Where in a list of pages one is, and the ways to the others. */
export function Pager({ page, perPage, count, total }: { page: number; perPage: number; count: number; total: number }) {
  const { t, place } = useOversight();
  if (!total) return null;
  const first = (page - 1) * perPage + 1;
  return (
    <nav class="pager" aria-label={t("oversight.pages")}>
      {page > 1 ? <Go class="button quiet small" to={{ ...place, page: page - 1 }}>{t("oversight.newer")}</Go> : <span />}
      <span class="muted">{t("oversight.range", { from: count ? first : 0, to: count ? first + count - 1 : 0, total })}</span>
      {page * perPage < total ? <Go class="button quiet small" to={{ ...place, page: page + 1 }}>{t("oversight.older")}</Go> : <span />}
    </nav>
  );
}

/** A moment: date and time in the site's zone. */
export function When({ at }: { at: string }) {
  const { t, zone } = useOversight();
  return <time dateTime={at}>{moment(t.locale, zone).format(Date.parse(at))}</time>;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function moment(locale: string, zone: string): Intl.DateTimeFormat {
  const key = `${locale} ${zone}`;
  let format = formats.get(key);
  if (!format) {
    const options: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "short" };
    try {
      format = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone || "UTC" });
    } catch {
      format = new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
    }
    formats.set(key, format);
  }
  return format;
}
