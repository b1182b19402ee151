import { useState } from "react";
import { api, useAsk, useSend, useStart, type Schemas } from "../api";
import { useTyped } from "../typed";
import { Reading } from "./Reading";
import { Refusal } from "./Refusal";

/** Puts the next target in a met one's place, then has the odds worked out anew, with what they were asked with `last`. */
export function RaiseTarget({ last }: { last?: Schemas["RoomOut"] }) {
  const answer = useAsk(() => api.GET("/api/v1/targets"), []);
  const { send, busy, error } = useSend();
  const odds = useStart("targets");
  const [{ code, because }, setMeant] = useTyped("raise a target", { code: "", because: "" });
  const [entered, setEntered] = useState<Schemas["TargetOut"]>();
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} />;
  if (!answer.data) return <Reading />;
  const open = answer.data.targets.filter((target) => target.next);
  const chosen = open.find((target) => target.code === code);
  const raise = async () => {
    const body = { code, because };
    setEntered(undefined);
    const made = await send(body, (key) => api.POST("/api/v1/targets", { params: { header: { "Idempotency-Key": key } }, body }));
    if (!made) return;
    setMeant({ code: "", because: "" });
    setEntered(made);
    void odds.start(last?.asked);
  };
  return (
    <section className="sheet wide no-print">
      <h2>Raise a target that is met</h2>
      {open.length === 0 && (
        <p>
          No target can be raised: <code>raise_share</code> in targets.csv says by how much the next is higher.
        </p>
      )}
      {open.length > 0 && (
        <form
          className="row"
          aria-label="Raise a target"
          onSubmit={(event) => {
            event.preventDefault();
            void raise();
          }}
        >
          <span>
            <label htmlFor="raised">target</label>
            <select id="raised" value={chosen ? code : ""} onChange={(event) => setMeant({ code: event.target.value, because })}>
              <option value="">choose …</option>
              {open.map((target) => (
                <option key={target.code} value={target.code}>
                  {target.name}
                  {target.is_met && " (met)"}
                </option>
              ))}
            </select>
          </span>
          <span>
            <label htmlFor="because-raised">because{chosen?.is_met && ", if you like"}</label>
            <input id="because-raised" value={because} onChange={(event) => setMeant({ code, because: event.target.value })} size={40} />
          </span>
          <button disabled={busy || !chosen || !(chosen.is_met || because.trim())}>Raise</button>
        </form>
      )}
      {chosen && (
        <p className="soft">
          Now {chosen.amount} by {chosen.by}; next by its rule {chosen.next} by {chosen.next_by}.{" "}
          {!chosen.is_met && "No record shows that it is met: say how it is known. It counts as met from then on."}
        </p>
      )}
      {entered && (
        <p className="notice" role="status">
          Next: {entered.name}, by {entered.by}. The ledger keeps both; the odds are worked out anew.
        </p>
      )}
      {(error ?? odds.error) && <Refusal error={(error ?? odds.error)!} />}
    </section>
  );
}
