import { useState } from "react";
import { api, newKey, refused, useAsk, type Refused, type Schemas } from "../api";
import { useTitle } from "../live";
import { Monitors } from "../parts/Monitors";
import { ObservationTable } from "../parts/ObservationTable";
import { FaultGrid } from "../parts/FaultGrid";
import { Refusal } from "../parts/Refusal";

export default function PilotsPage() {
  useTitle("Pilots");
  const answer = useAsk(() => api.GET("/api/v1/observations"), []);
  return (
    <div className="grid">
      <section className="wide"><h1>Pilots</h1><p>Send what was seen; every fault is shown at its cell before anything is stored, and sending a file twice changes nothing.</p></section>
      <section className="sheet"><h2>Send rows</h2><Send columns={answer.data?.columns ?? []} /></section>
      <section className="sheet">
        <h2>What the rows say</h2>
        {answer.data?.readings.length === 0 && <p>Nothing has been observed yet.</p>}
        <ul className="due">{answer.data?.readings.map((reading) => <li key={reading.market}>{reading.sentence}</li>)}</ul>
        {(answer.data?.left_out.length ?? 0) > 0 && <details><summary>{answer.data!.left_out.length} rows say nothing about demand</summary><ul>{answer.data!.left_out.map((line) => <li key={line}>{line}</li>)}</ul></details>}
      </section>
      <section className="sheet wide"><h2>The monitor: what the counts alone have shown, valid at every look</h2><Monitors /></section>
      <section className="sheet wide">
        <h2>Rows on record</h2>
        {answer.state === "refused" && <Refusal error={answer.error} />}
        {answer.data && <ObservationTable rows={answer.data.rows} caption={`${answer.data.rows.length} of ${answer.data.total_rows} rows; a dash is not observed, never zero`} />}
      </section>
    </div>
  );
}

function Send({ columns }: { columns: string[] }) {
  const [pasted, setPasted] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [error, setError] = useState<Refused>();
  const [sent, setSent] = useState<Schemas["SentOut"]>();
  const [busy, setBusy] = useState(false);
  const [checked, setChecked] = useState("");

  async function send(dry: boolean) {
    setError(undefined);
    setSent(undefined);
    setBusy(true);
    const name = file?.name ?? "pasted.csv";
    const content = file ?? new Blob([pasted], { type: "text/csv" });
    try {
      const response = await fetch(`/api/v1/observations?name=${encodeURIComponent(name)}&dry_run=${dry}`, {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream", "Idempotency-Key": newKey() },
        body: content,
      });
      const body: unknown = await response.json();
      if (response.ok) setSent(body as Schemas["SentOut"]);
      else {
        setChecked(name.toLowerCase().endsWith(".csv") ? await content.text() : "");
        setError(refused(body));
      }
    } catch (problem) {
      setError(refused(problem));
    }
    setBusy(false);
  }

  return (
    <form onSubmit={(event) => { event.preventDefault(); void send(false); }}>
      <label htmlFor="file">A file: CSV, XLSX or Parquet</label>
      <input id="file" type="file" accept=".csv,.xlsx,.parquet" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
      <p className="soft" style={{ margin: ".5rem 0" }}>or</p>
      <label htmlFor="pasted">Pasted rows with a heading line</label>
      <textarea id="pasted" rows={6} style={{ width: "100%" }} value={pasted} onChange={(event) => setPasted(event.target.value)} placeholder="batch,market,offer,channel,store,start,end,orders" disabled={file !== null} />
      <div className="row">
        <button type="button" className="quiet" disabled={busy || (!file && !pasted)} onClick={() => void send(true)}>Check only</button>
        <button disabled={busy || (!file && !pasted)}>Send</button>
      </div>
      {columns.length > 0 && <details><summary>Columns</summary><p className="hash">{columns.join(", ")}</p></details>}
      {sent && <p role="status" className="good">✓ {sent.sentence}</p>}
      {error && <FaultGrid text={checked} error={error} />}
      {error && <Refusal error={error} />}
    </form>
  );
}
