import type { Translator } from "./i18n";

/** Dates and times in a language and the time zone of the site. */
export class Clock {
  readonly #relativeTime: Intl.RelativeTimeFormat;
  readonly #formats: Record<"time" | "day" | "dayOfYear" | "full" | "key", Intl.DateTimeFormat>;

  constructor(
    private readonly t: Translator,
    zone: string,
    readonly now: () => number = Date.now,
  ) {
    const timeZone = knownZone(zone);
    const format = (o: Intl.DateTimeFormatOptions, locale = t.locale) => new Intl.DateTimeFormat(locale, { ...o, timeZone });
    this.#relativeTime = new Intl.RelativeTimeFormat(t.locale, { numeric: "always" });
    this.#formats = {
      time: format({ timeStyle: "short" }),
      day: format({ weekday: "long", day: "numeric", month: "long" }),
      dayOfYear: format({ day: "numeric", month: "long", year: "numeric" }),
      full: format({ dateStyle: "full", timeStyle: "short" }),
      key: format({ year: "numeric", month: "2-digit", day: "2-digit" }, "en-CA"),
    };
  }

  /** "8 minutes ago". */
  ago(iso: string): string {
    const seconds = Math.max(0, (this.now() - Date.parse(iso)) / 1000);
    for (const [unit, size] of units) {
      if (seconds >= size) return this.#relativeTime.format(-Math.floor(seconds / size), unit);
    }
    return this.t("time.now");
  }

  /** "6:49 PM". */
  time(iso: string): string {
    return this.#formats.time.format(Date.parse(iso));
  }

  /** The date and time in full, for a tooltip. */
  full(iso: string): string {
    return this.#formats.full.format(Date.parse(iso));
  }

  /** Something that is equal for two times on the same day. */
  dayKey(iso: string): string {
    return this.#formats.key.format(Date.parse(iso));
  }

  /** "Today", "Yesterday", or the date. */
  day(iso: string): string {
    const at = Date.parse(iso);
    const key = this.dayKey(iso);
    const now = this.now();
    if (key === this.#formats.key.format(now)) return this.t("time.today");
    if (key === this.#formats.key.format(now - 86_400_000)) return this.t("time.yesterday");
    return (now - at < 180 * 86_400_000 ? this.#formats.day : this.#formats.dayOfYear).format(at);
  }
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["week", 7 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** WordPress also has "+05:30" and "UTC+5.5"; what a browser does not know is UTC. */
function knownZone(zone: string): string {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone || "UTC" }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}
