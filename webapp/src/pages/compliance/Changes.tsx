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
  const { changes, sentence, expiries, end_of_series } = answer.data;
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
              {changes.map((notice, number) => (
                <tr key={number}>
                  <td className="day">{day(notice.day)}</td>
                  <th scope="row" className="plain long">
                    <Said>{notice.subject}</Said>
                  </th>
                  <td>
                    {notice.before} → {notice.becomes}
                    {notice.closes && <strong> (closes)</strong>}
                  </td>
                  <td>{toDo(notice)}</td>
                  <td className="long">{notice.markets.join(" ")}</td>
                  <td>{notice.source.grade}</td>
                  <td className="long">{notice.source.who}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {end_of_series.length > 0 && <Sentences lines={end_of_series} />}
    </>
  );
}

/** By when to act, or what needs no act. */
export function toDo({ act_by, expected, late, no_way }: Schemas["NoticeOut"]): string {
  if (act_by) return `${day(act_by)}${late ? " (late)" : ""}`;
  if (expected) return `expected ${day(expected)}`;
  return no_way ? "no way on record" : "–";
}
