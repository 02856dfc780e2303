import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Translator } from "../shared/i18n";
import type { Rest } from "../shared/rest";
import type { Place } from "./place";

/** What every part of the page needs. */
export interface Oversight {
  t: Translator;
  rest: Rest;
  /** The site's time zone. */
  zone: string;
  place: Place;
  /** Where links lead; "" when the page the element is on is none of its own. */
  base: string;
  go(place: Place): void;
  /** Says that something was done. */
  tell(text: string): void;
}

export const Context = createContext<Oversight>(null!);
export const useOversight = () => useContext(Context);
