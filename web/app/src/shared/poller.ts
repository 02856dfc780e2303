/** Something fetched again and again. */
export interface Task {
  /** Milliseconds between two runs. */
  every: number;
  run: () => Promise<unknown>;
}

/** Milliseconds between two runs while a stream of events tells what happens. */
const resting = 300_000;

/**
 * Runs tasks at their intervals while the page is in sight, at once when it comes back,
 * and less and less often while they fail. While a stream of events is up it rests.
 */
export class Poller {
  readonly #tasks = new Map<string, Task & { due: number; failures: number; busy: boolean }>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #resting = false;

  constructor(
    private readonly now: () => number = Date.now,
    private readonly page: Pick<Document, "hidden" | "addEventListener" | "removeEventListener"> = document,
  ) {}

  /** Adds a task, or changes its interval; the first run is one interval away. */
  set(name: string, task: Task) {
    const old = this.#tasks.get(name);
    const due = this.now() + this.#pause(task);
    this.#tasks.set(name, { failures: 0, busy: false, ...old, ...task, due: old && old.every === task.every ? old.due : due });
    this.#plan();
  }

  start() {
    this.#running = true;
    this.page.addEventListener("visibilitychange", this.#onVisibility);
    this.#plan();
  }

  stop() {
    this.#running = false;
    clearTimeout(this.#timer);
    this.page.removeEventListener("visibilitychange", this.#onVisibility);
  }

  /** Makes one task, or all, due at once, unless the server asked to wait. */
  poke(name?: string) {
    for (const [n, task] of this.#tasks) if ((!name || n === name) && task.failures >= 0) task.due = 0;
    this.#plan();
  }

  /** Begins to rest, or works again, beginning at once. */
  rest(on: boolean) {
    if (on === this.#resting) return;
    this.#resting = on;
    if (!on) return this.poke();
    for (const task of this.#tasks.values()) task.due = Math.max(task.due, this.now() + resting);
    this.#plan();
  }

  #pause(task: Task): number {
    return this.#resting ? Math.max(resting, task.every) : task.every;
  }

  readonly #onVisibility = () => {
    if (this.page.hidden) clearTimeout(this.#timer);
    else if (this.#resting) this.#plan();
    else this.poke();
  };

  #plan() {
    clearTimeout(this.#timer);
    if (!this.#running || this.page.hidden) return;
    const waiting = [...this.#tasks.values()].filter((t) => !t.busy);
    if (!waiting.length) return;
    const next = Math.min(...waiting.map((t) => t.due));
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, next - this.now()));
  }

  #tick() {
    for (const task of this.#tasks.values()) {
      if (task.busy || task.due > this.now()) continue;
      task.busy = true;
      task
        .run()
        .then(
          () => {
            task.failures = 0;
            task.due = this.now() + this.#pause(task);
          },
          (e: { retryAfter?: number }) => {
            task.failures = Math.min(Math.max(task.failures, 0) + 1, 5);
            // Doubling, with a little chance in it: not every page comes back in the same second.
            const wait = task.every * 2 ** (task.failures - 1) * (1 + Math.random() / 4);
            task.due = this.now() + Math.max(Math.min(wait, 300_000), (e?.retryAfter ?? 0) * 1000);
            if (e?.retryAfter) task.failures = -1;
          },
        )
        .finally(() => {
          task.busy = false;
          this.#plan();
        });
    }
    this.#plan();
  }
}
