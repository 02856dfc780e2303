import { useState } from "preact/hooks";
import type { Suggestion } from "../shared/types";
import { Confirm } from "./confirm";
import { useOversight } from "./context";
import { useLoad } from "./load";
import { Failure, Go } from "./parts";
import { start } from "./place";
import type { Block } from "./types";

/** Blocks a member set inside conversations, and those set against them. */
export function Blocks({ member }: { member: Suggestion }) {
  const { t, rest, tell } = useOversight();
  const route = `parley/v1/admin/members/${member.id}/blocks`;
  const loaded = useLoad(route, (signal) => rest.get<{ data: Block[] }>(route, {}, signal));
  const [asked, setAsked] = useState<Block | null>(null);
  const other = (b: Block) => (b.blocker.id === member.id ? b.blocked : b.blocker);
  return (
    <section class="panel blocks" aria-labelledby="blocks-title">
      <h2 id="blocks-title">{t("oversight.blocks.title", { name: member.display_name })}</h2>
      {loaded.error && <Failure error={loaded.error} again={loaded.again} />}
      {loaded.data?.data.length === 0 && <p class="muted">{t("oversight.blocks.none")}</p>}
      {loaded.data && loaded.data.data.length > 0 && (
        <ul>
          {loaded.data.data.map((b) => (
            <li key={`${b.conversation_id} ${b.blocker.id}`}>
              <span>
                {t("oversight.blocks.line", { blocker: b.blocker.display_name, blocked: b.blocked.display_name })}{" "}
                <Go class="quiet-link" to={{ ...start, view: "conversation", id: b.conversation_id }}>
                  {t("oversight.conversation", { id: `#${b.conversation_id}` })}
                </Go>
              </span>
              <button
                type="button"
                class="button quiet small"
                aria-label={t("oversight.blocks.clear_label", { blocker: b.blocker.display_name, blocked: b.blocked.display_name })}
                onClick={() => setAsked(b)}
              >
                {t("oversight.blocks.clear")}
              </button>
            </li>
          ))}
        </ul>
      )}
      {asked && (
        <Confirm
          title={t("oversight.blocks.clear")}
          question={t("oversight.blocks.question", { a: member.display_name, b: other(asked).display_name })}
          yes={t("oversight.blocks.clear")}
          run={() => rest.post(`${route}/${other(asked).id}`, {}, "DELETE")}
          onDone={() => {
            setAsked(null);
            tell(t("oversight.blocks.done"));
            loaded.again();
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </section>
  );
}
