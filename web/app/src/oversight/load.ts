import { useEffect, useRef, useState } from "preact/hooks";
import { RestError } from "../shared/rest";

export interface Loaded<T> {
  data: T | null;
  error: RestError | null;
  loading: boolean;
  again(): void;
}

/** Loads something anew whenever key changes; what was there stays until then. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: RestError | null; key: string }>({ data: null, error: null, key: "" });
  const [attempt, setAttempt] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const wanted = `${attempt} ${key}`;
  useEffect(() => {
    const control = new AbortController();
    latest
      .current(control.signal)
      .then(
        (data) => setState({ data, error: null, key: wanted }),
        (e: unknown) => {
          if (control.signal.aborted) return;
          setState((old) => ({ data: old.data, error: e instanceof RestError ? e : new RestError("", 0, "network"), key: wanted }));
        },
      );
    return () => control.abort();
  }, [wanted]);
  return { ...state, loading: state.key !== wanted, again: () => setAttempt((n) => n + 1) };
}
