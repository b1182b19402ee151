import { useState } from "react";
import { api, useAsk, useSend } from "../api";
import { useCompiling, useTitle } from "../live";
import { COMPILING } from "../parts/Reading";
import { Refusal } from "../parts/Refusal";
import { Waiting } from "../parts/Waiting";
import { howMany } from "../numbers";

/** Shown while the served folder is empty: choose what to begin from. */
export function Begin({ done }: { done: () => void }) {
  useTitle("New launch");
  const answer = useAsk(() => api.GET("/api/v1/begin"), []);
  const { send, busy, error } = useSend();
  const [chosen, setChosen] = useState("starter");
  const compiling = useCompiling();
  async function begin() {
    if (await send(chosen, () => api.POST("/api/v1/launch", { body: { example: chosen } }))) done();
  }
  if (answer.state === "refused") return <Refusal error={answer.error} page />;
  if (!answer.data) return <Waiting title="New launch" />;
  const list = [...answer.data.bundled].sort((a, b) => Number(b.name === "starter") - Number(a.name === "starter"));
  return (
    <form
      className="sheet begin"
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <h1>New launch</h1>
      <p>
        The folder <code>{answer.data.folder}</code> is empty. Choose what to begin with; it is copied there as text files that are yours to
        change.
      </p>
      <fieldset disabled={busy || !answer.data.may_begin}>
        <legend>Begin with</legend>
        {list.map((item) => (
          <label key={item.name} className="choice">
            <input type="radio" name="example" value={item.name} checked={chosen === item.name} onChange={() => setChosen(item.name)} />{" "}
            <span>
              <strong>{item.name === "starter" ? "A nearly empty launch" : item.title}</strong>
              <small>
                {item.name} · {howMany(item.markets, "market")}
                {item.has_history ? " · with its real registrations" : ""}
              </small>
            </span>
          </label>
        ))}
      </fieldset>
      <div className="row" style={{ alignItems: "center" }}>
        <button disabled={busy || !answer.data.may_begin}>{busy ? "beginning …" : "Begin"}</button>{" "}
        <span className="soft" role="status">
          {busy && (compiling ? `copied; ${COMPILING}` : "copying, and reading what was copied …")}
        </span>
      </div>
      {error && <Refusal error={error} />}
    </form>
  );
}
