import { useState } from "react";
import { api, useAsk, type Schemas } from "../../api";
import { day } from "../../numbers";
import { Reading } from "../../parts/Reading";
import { Refusal } from "../../parts/Refusal";
import { Said } from "../../parts/Said";
import { Sentences } from "../../parts/Sentences";

export function Changes({ on }: { on: string }) {
  const [open, setOpen] = useState(false);
  return (
    <section className="sheet wide">
      <h2>What changes within a year</h2>
      {open ? (
        <ChangeTable on={on} />
      ) : (
        <p className="row no-print">
          <button className="quiet" onClick={() => setOpen(true)}>
            Look a year ahead
          </button>
        </p>
      )}
    </section>
  );
}

function ChangeTable({ on }: { on: string }) {
  const answer = useAsk(() => api.GET("/api/v1/compliance/changes", { params: { query: { on } } }), [on]);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} />;
  if (!answer.data) return <Reading says="reading a year of rules …" />;
  const { changes, sentence, expiries } = answer.data;
  const merged = new Map<string, { change: Schemas["ChangeOut"]; offers: Set<string>; markets: Set<string> }>();
  for (const change of changes) {
    const key = [change.day, change.code, change.before, change.after, change.act_by].join("|");
    const known = merged.get(key) ?? { change, offers: new Set(), markets: new Set() };
    known.offers.add(change.offer);
    change.markets.forEach((market) => known.markets.add(market));
    merged.set(key, known);
  }
  return (
    <>
      <p>
        <Said>{sentence}</Said>
      </p>
      {expiries.length > 0 && <Sentences lines={expiries} />}
      {changes.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Changes">
          <table>
            <thead>
              <tr>
                <th>from</th>
                <th>what</th>
                <th>becomes</th>
                <th>act by</th>
                <th>where</th>
                <th>grade</th>
                <th>source</th>
              </tr>
            </thead>
            <tbody>
              {[...merged.entries()].map(([key, { change, markets }]) => (
                <tr key={key}>
                  <td>{day(change.day)}</td>
                  <th scope="row" className="plain long">
                    {change.title}
                  </th>
                  <td>
                    {change.before} → {change.after}
                    {change.closes && <strong> (closes)</strong>}
                  </td>
                  <td>{change.act_by ? `${day(change.act_by)}${change.late ? " (late)" : ""}` : "–"}</td>
                  <td>{[...markets].join(" ")}</td>
                  <td>{change.source.grade}</td>
                  <td>{change.source.who}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
