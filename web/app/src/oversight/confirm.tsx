import { useState } from "preact/hooks";
import { Dialog } from "../shared/dialog";
import { RestError } from "../shared/rest";
import { useOversight } from "./context";
import { sentence } from "./parts";

/** Asks before something that cannot be taken back; closes when it is done. */
export function Confirm(o: { title: string; question: string; yes: string; run: () => Promise<unknown>; onDone: () => void; onClose: () => void }) {
  const { t } = useOversight();
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const run = async () => {
    setBusy(true);
    setFailed("");
    try {
      await o.run();
      o.onDone();
    } catch (e) {
      setFailed(e instanceof RestError ? sentence(e, t) : t("oversight.failed"));
      setBusy(false);
    }
  };
  return (
    <Dialog title={o.title} onClose={busy ? () => {} : o.onClose}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!busy) void run();
        }}
      >
        <p>{o.question}</p>
        {failed && (
          <p class="alarm" role="alert">
            {failed}
          </p>
        )}
        <div class="actions">
          <button type="button" class="button quiet" onClick={o.onClose} disabled={busy}>
            {t("oversight.cancel")}
          </button>
          <button type="submit" class="button danger" aria-disabled={busy}>
            {o.yes}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** The question before a purge (contract 5.3). */
export function Purge({ id, onDone, onClose }: { id: number; onDone: () => void; onClose: () => void }) {
  const { t, rest } = useOversight();
  return (
    <Confirm
      title={t("oversight.purge.title", { id: `#${id}` })}
      question={t("oversight.purge.question")}
      yes={t("oversight.purge")}
      run={async () => {
        try {
          await rest.post(`parley/v1/admin/conversations/${id}`, {}, "DELETE");
        } catch (e) {
          // Another administrator was faster: it is gone, as was asked for.
          if (!(e instanceof RestError && e.status === 404)) throw e;
        }
      }}
      onDone={onDone}
      onClose={onClose}
    />
  );
}
