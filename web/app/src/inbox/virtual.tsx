import { type ComponentChildren, Component, createRef } from "preact";

interface Props<R extends { key: string }> {
  rows: R[];
  /** Given the list itself, to scroll it from outside. */
  handle: { current: Virtual<R> | null };
  draw: (row: R) => ComponentChildren;
  /** The row to begin at, a little below the top; null begins at the end. */
  begin: string | null;
  label: string;
  /** Stands above the first row. */
  head: ComponentChildren;
  /** The first rows come into sight. */
  onTop: () => void;
  /** The end came into sight, or left it. */
  onEnd: (atEnd: boolean) => void;
}

const overscan = 900; // px drawn beyond what is in sight
const margin = 300; // px left of that before more is drawn
const nearEnd = 40; // px from the end that still count as the end
const nearTop = 1500; // px from the top at which older rows are asked for

/**
 * A list of thousands of rows of any height of which only those near the sight are in
 * the page. Rows that come in above, and rows that turn out higher than thought, do not
 * move what is being read: the first row in sight stays where it is. At the end it stays
 * at the end. Heights are measured when a row is drawn and remembered by its key.
 */
export class Virtual<R extends { key: string }> extends Component<Props<R>, { from: number; to: number }> {
  override state = { from: 0, to: 0 };
  readonly #scroller = createRef<HTMLDivElement>();
  readonly #box = createRef<HTMLDivElement>();
  readonly #heights = new Map<string, number>();
  #rows: R[] = [];
  #index = new Map<string, number>();
  #offsets = new Float64Array(1);
  #range = { from: 0, to: 0 };
  /** The rows that are in the page by now; range is what shall be. */
  #drawn = { from: 0, to: 0 };
  /** A row on its way into sight, and how many more looks that takes: heights are known once drawn. */
  #aim: { key: string; looks: number } | null = null;
  #typical = 72;
  #width = 0;
  #atEnd = true;
  /** Where the scroller was when it was last looked at. */
  #stood = 0; // where the scroller was when it was last looked at
  #told: boolean | null = null;
  #anchor: { key: string; y: number } | null = null;
  #observer: ResizeObserver | null = null;

  override componentDidMount() {
    this.props.handle.current = this;
    this.#observer = new ResizeObserver(() => this.#resized());
    this.#observer.observe(this.#scroller.current!);
    this.#observer.observe(this.#box.current!);
    const begin = this.props.begin;
    if (begin !== null) this.jump(begin);
    this.#settle();
    this.#onScroll();
  }

  override componentDidUpdate() {
    this.#settle();
  }

  override componentWillUnmount() {
    this.#observer?.disconnect();
    this.props.handle.current = null;
  }

  /** Scrolls to the newest row. */
  end() {
    this.#atEnd = true;
    this.#aim = null;
    this.#cover(this.#total);
    this.#settle();
    this.#tell();
  }

  /** Scrolls a row into sight. */
  jump(key: string) {
    if (!this.#index.has(key)) return;
    this.#atEnd = false;
    this.#anchor = null;
    this.#aim = { key, looks: 3 };
    this.#settle();
  }

  override render() {
    if (this.props.rows !== this.#rows) this.#take(this.props.rows);
    const { from, to } = (this.#drawn = this.#range);
    return (
      <div class="scroller" ref={this.#scroller} tabIndex={0} role="region" aria-label={this.props.label} onScroll={this.#onScroll}>
        {this.props.head}
        <div class="rows" ref={this.#box}>
          {this.#rows.slice(from, to).map((row) => (
            <div class="line" key={row.key} data-key={row.key}>
              {this.props.draw(row)}
            </div>
          ))}
        </div>
      </div>
    );
  }

  get #total() {
    return this.#offsets[this.#rows.length]!;
  }

  /** Where the rows begin. */
  get #top() {
    return this.#box.current?.offsetTop ?? 0;
  }

  /** Takes new rows; the row that stands still keeps its place in the picture. */
  #take(rows: R[]) {
    this.#rows = rows;
    this.#index = new Map(rows.map((r, i) => [r.key, i]));
    this.#lay();
    const scroller = this.#scroller.current;
    const at = this.#anchor && this.#index.get(this.#anchor.key);
    const view = scroller?.clientHeight ?? 800;
    let y = Math.max(0, this.#total - view);
    if (!this.#atEnd && at != null && scroller) y = scroller.scrollTop + this.#offsets[at]! - this.#anchor!.y;
    this.#range = this.#around(y, view);
  }

  #lay() {
    const offsets = new Float64Array(this.#rows.length + 1);
    for (let i = 0; i < this.#rows.length; i++) offsets[i + 1] = offsets[i]! + (this.#heights.get(this.#rows[i]!.key) ?? this.#typical);
    this.#offsets = offsets;
  }

  /** The index of the row at a height. */
  #at(y: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.#offsets[mid + 1]! <= y) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  #around(y: number, view: number, beyond = overscan) {
    return { from: this.#at(y - beyond), to: Math.min(this.#rows.length, this.#at(y + view + beyond) + 1) };
  }

  /** Draws what is seen from a height on, if it is not drawn. */
  #cover(scrollTop: number) {
    const view = this.#scroller.current?.clientHeight ?? 0;
    const y = scrollTop - this.#top;
    const need = this.#around(y, view, margin);
    if (need.from >= this.#range.from && need.to <= this.#range.to) return;
    this.#range = this.#around(y, view);
    this.setState({ ...this.#range });
  }

  /** Remembers the heights of what is drawn, and pads the rest. */
  #measure() {
    const box = this.#box.current!;
    let changed = false;
    for (const line of box.children) {
      const key = (line as HTMLElement).dataset.key!;
      const height = line.getBoundingClientRect().height;
      if (height > 0 && Math.abs((this.#heights.get(key) ?? -1) - height) > 0.25) {
        this.#heights.set(key, height);
        changed = true;
      }
    }
    if (changed) this.#lay();
    const { from, to } = this.#drawn;
    box.style.paddingBlock = `${this.#offsets[from]}px ${this.#total - this.#offsets[Math.min(to, this.#rows.length)]!}px`;
  }

  /** After anything was drawn: measures, and puts what stood still back to where it stood. */
  #settle() {
    const scroller = this.#scroller.current;
    if (!scroller || !this.#box.current) return;
    // Somebody scrolled away from the end, and the event that says so is still to come.
    const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    if (this.#atEnd && this.#stood - scroller.scrollTop > nearEnd && below > nearEnd) {
      this.#atEnd = false;
      this.#anchor = null;
    }
    this.#measure();
    if (this.#atEnd) {
      if (scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > 0.5) scroller.scrollTop = scroller.scrollHeight;
    } else if (this.#aim) {
      scroller.scrollTop = this.#top + this.#offsets[this.#index.get(this.#aim.key) ?? 0]! - scroller.clientHeight / 4;
      this.#cover(scroller.scrollTop);
      if (--this.#aim.looks > 0) this.setState({});
      else this.#aim = null;
      this.#onScroll();
      return;
    } else if (this.#anchor) {
      const at = this.#index.get(this.#anchor.key);
      if (at !== undefined) {
        const y = this.#top + this.#offsets[at]!;
        if (Math.abs(y - this.#anchor.y) > 0.25) scroller.scrollTop += y - this.#anchor.y;
        this.#anchor.y = y;
      }
    }
    this.#stood = scroller.scrollTop;
    this.#cover(scroller.scrollTop);
  }

  readonly #onScroll = () => {
    const scroller = this.#scroller.current;
    if (!scroller || !scroller.clientHeight) return;
    const { scrollTop, scrollHeight, clientHeight } = scroller;
    this.#stood = scrollTop;
    if (this.#aim) this.#atEnd = false;
    else this.#atEnd = scrollHeight - scrollTop - clientHeight < nearEnd;
    const row = this.#rows[Math.min(this.#at(scrollTop - this.#top + 1), this.#rows.length - 1)];
    this.#anchor = row ? { key: row.key, y: this.#top + this.#offsets[this.#index.get(row.key)!]! } : null;
    this.#cover(scrollTop);
    if (scrollTop < nearTop) this.props.onTop();
    this.#tell();
  };

  #tell() {
    if (!this.#aim && this.#told !== this.#atEnd) this.props.onEnd((this.#told = this.#atEnd));
  }

  #resized() {
    const scroller = this.#scroller.current;
    if (!scroller) return;
    if (scroller.clientWidth !== this.#width) {
      // Lines break elsewhere now; what is not drawn has to be guessed anew.
      if (this.#width && this.#heights.size) {
        this.#typical = [...this.#heights.values()].reduce((a, b) => a + b, 0) / this.#heights.size;
        this.#heights.clear();
      }
      this.#width = scroller.clientWidth;
    }
    this.#settle();
    this.#onScroll();
  }
}
