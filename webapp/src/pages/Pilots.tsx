import { api, useAsk } from "../api";
import { useTitle } from "../live";
import { Monitors } from "../parts/Monitors";
import { ObservationTable } from "../parts/ObservationTable";
import { Reading } from "../parts/Reading";
import { Refusal } from "../parts/Refusal";
import { SendRows } from "../parts/SendRows";
import { Said } from "../parts/Said";
import { howMany } from "../numbers";

export default function PilotsPage() {
  useTitle("Pilots");
  const answer = useAsk(() => api.GET("/api/v1/observations"), []);
  const said = useAsk(() => api.GET("/api/v1/readings"), []);
  return (
    <div className="grid">
      <section className="wide">
        <h1>Pilots</h1>
        <p>Send what was seen; every fault is shown at its cell before anything is stored, and sending a file twice changes nothing.</p>
      </section>
      <section className="sheet">
        <h2>Send rows</h2>
        <SendRows columns={answer.data?.columns ?? []} />
      </section>
      <section className="sheet beside">
        <h2>What the rows say</h2>
        {said.state === "refused" && !said.data && <Refusal error={said.error} />}
        {said.state === "waiting" && !said.data && <Reading />}
        {said.data?.readings.length === 0 && <p>Nothing has been observed yet.</p>}
        <ul className="due">
          {said.data?.readings.map((reading) => (
            <li key={reading.market}>
              <Said>{reading.sentence}</Said>
            </li>
          ))}
        </ul>
        {(said.data?.allowed_for.length ?? 0) > 0 && (
          <details>
            <summary>{howMany(said.data!.allowed_for.length, "thing was", "things were")} allowed for</summary>
            <ul>
              {said.data!.allowed_for.map((line) => (
                <li key={line}>
                  <Said>{line}</Said>
                </li>
              ))}
            </ul>
          </details>
        )}
        {(said.data?.left_out.length ?? 0) > 0 && (
          <details>
            <summary>{howMany(said.data!.left_out.length, "row says", "rows say")} nothing about demand</summary>
            <ul>
              {said.data!.left_out.map((line) => (
                <li key={line}>
                  <Said>{line}</Said>
                </li>
              ))}
            </ul>
          </details>
        )}
      </section>
      <section className="sheet wide">
        <h2>The monitor: what the counts alone have shown, valid at every look</h2>
        <Monitors />
      </section>
      <section className="sheet wide">
        <h2>Rows on record</h2>
        {answer.state === "refused" && !answer.data && <Refusal error={answer.error} />}
        {answer.state === "waiting" && !answer.data && <Reading />}
        {answer.data?.total_rows === 0 && <p>0 of 0 rows: none have been sent yet.</p>}
        {answer.data && answer.data.total_rows > 0 && (
          <ObservationTable
            rows={answer.data.rows}
            caption={`${answer.data.rows.length} of ${howMany(answer.data.total_rows, "row")}; a dash is not observed, never zero`}
          />
        )}
      </section>
    </div>
  );
}
