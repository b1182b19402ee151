import { useState } from "react";
import { api, useAsk, useUpload, type Schemas } from "../api";
import { Link } from "./Link";
import { FaultGrid } from "./FaultGrid";
import { MappingForm } from "./MappingForm";
import { ifWrong, Refusal } from "./Refusal";
import { Said } from "./Said";

const NEW = "a new mapping …";

/** Observed rows as a file or pasted; an export with other columns goes through a mapping. */
export function SendRows({ columns }: { columns: string[] }) {
  const [pasted, setPasted] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [mapping, setMapping] = useState("");
  const [heading, setHeading] = useState<Schemas["HeadingOut"]>();
  const { upload, busy, error } = useUpload("POST");
  const [sent, setSent] = useState<Schemas["SentOut"]>();
  const [checked, setChecked] = useState("");
  const mappings = useAsk(() => api.GET("/api/v1/mappings"), []);
  const name = file?.name ?? "pasted.csv";
  const content = () => file ?? new Blob([pasted], { type: "text/csv" });

  async function ask<T>(to: string): Promise<T | undefined> {
    setSent(undefined);
    const answer = await upload<T>(to, content());
    setChecked(!answer && /\.(csv|txt|tsv)$/i.test(name) ? await content().text() : "");
    return answer;
  }
  async function send(dry: boolean) {
    setSent(
      await ask<Schemas["SentOut"]>(
        `/api/v1/observations?name=${encodeURIComponent(name)}&dry_run=${dry}&mapping=${encodeURIComponent(mapping)}`,
      ),
    );
  }
  async function choose(value: string) {
    setMapping(value === NEW ? "" : value);
    setHeading(undefined);
    if (value === NEW) setHeading(await ask<Schemas["HeadingOut"]>(`/api/v1/observations/heading?name=${encodeURIComponent(name)}`));
  }
  const nothing = !file && !pasted;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send(false);
      }}
    >
      <label htmlFor="file">A file: CSV, XLSX or Parquet</label>
      <input
        id="file"
        type="file"
        accept=".csv,.txt,.tsv,.xlsx,.parquet"
        {...ifWrong(file ? error : undefined, "sent-wrong")}
        onChange={(event) => {
          setFile(event.target.files?.[0] ?? null);
          setHeading(undefined);
        }}
      />
      <p className="soft" style={{ margin: ".5rem 0" }}>
        or
      </p>
      <label htmlFor="pasted">Pasted rows with a heading line</label>
      <textarea
        id="pasted"
        rows={6}
        {...ifWrong(file ? undefined : error, "sent-wrong")}
        style={{ width: "100%" }}
        value={pasted}
        onChange={(event) => setPasted(event.target.value)}
        placeholder="batch,market,offer,channel,store,start,end,orders"
        disabled={file !== null}
      />
      <div className="row">
        <span>
          <label htmlFor="mapping">its columns are</label>
          <select id="mapping" value={heading ? NEW : mapping} onChange={(event) => void choose(event.target.value)}>
            <option value="">our own</option>
            {Object.keys(mappings.data?.mappings ?? {}).map((key) => (
              <option key={key} value={key}>
                others: {key}
              </option>
            ))}
            {!nothing && <option value={NEW}>others: {NEW}</option>}
          </select>
        </span>
        <button type="button" className="quiet" disabled={busy || nothing || !!heading} onClick={() => void send(true)}>
          Check only
        </button>
        <button disabled={busy || nothing || !!heading}>Send</button>
      </div>
      {heading && (
        <MappingForm
          heading={heading}
          kept={(key) => {
            setHeading(undefined);
            mappings.again();
            setMapping(key);
          }}
        />
      )}
      {columns.length > 0 && (
        <details>
          <summary>Our columns</summary>
          <p className="hash">{columns.join(", ")}</p>
        </details>
      )}
      <div role="status">
        {sent && (
          <p className="good">
            ✓ <Said>{sent.sentence}</Said>
            {sent.stored && (
              <>
                {" "}
                Next: <Link href="/decisions">plan again and decide</Link>.
              </>
            )}
          </p>
        )}
      </div>
      {error && <FaultGrid text={checked} error={error} />}
      {error && <Refusal error={error} id="sent-wrong" />}
    </form>
  );
}
