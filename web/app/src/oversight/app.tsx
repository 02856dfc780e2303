import { useEffect, useRef, useState } from "preact/hooks";
import type { Translator } from "../shared/i18n";
import type { Rest } from "../shared/rest";
import { Audit } from "./audit";
import { Context } from "./context";
import { Detail } from "./detail";
import { List } from "./list";
import { Go, Heading } from "./parts";
import { type Place, hrefOf, placeOf, start } from "./place";

const noticeFor = 8000; // milliseconds

/** The oversight page. base is "" where the address belongs to another page. */
export function App({ t, rest, zone, base }: { t: Translator; rest: Rest; zone: string; base: string }) {
  const [place, setPlace] = useState<Place>(() => (base ? placeOf(new URLSearchParams(location.search)) : start));
  const [notice, setNotice] = useState("");
  const moved = useRef(false);

  useEffect(() => {
    if (!base) return;
    const back = () => {
      moved.current = true;
      setPlace(placeOf(new URLSearchParams(location.search)));
    };
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, [base]);
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => setNotice(""), noticeFor);
    return () => clearTimeout(timer);
  }, [notice]);

  const go = (to: Place) => {
    moved.current = true;
    if (base) history.pushState(null, "", hrefOf(to, base));
    setPlace(to);
    scrollTo({ top: 0 });
  };
  const arrived = moved.current;
  return (
    <Context.Provider value={{ t, rest, zone, place, base, go, tell: setNotice }}>
      <div class="oversight">
        <div class="notice" role="status">{notice && <p>{notice}</p>}</div>
        {place.view === "conversation" ? (
          <Detail key={place.id} arrived={arrived} />
        ) : (
          <>
            <div class="over">
              <Heading key={place.view} arrived={arrived}>{t(place.view === "audit" ? "oversight.audit" : "oversight.title")}</Heading>
              <nav class="tabs" aria-label={t("oversight.views")}>
                <Go to={start} class="tab" current={place.view === "list"}>{t("oversight.title")}</Go>
                <Go to={{ ...start, view: "audit" }} class="tab" current={place.view === "audit"}>{t("oversight.audit")}</Go>
              </nav>
            </div>
            {place.view === "audit" ? <Audit /> : <List />}
            <p class="muted small">{t("oversight.watched")}</p>
          </>
        )}
      </div>
    </Context.Provider>
  );
}
