import { useId, useState } from "react";
import { useUpload } from "../api";
import { FaultGrid } from "./FaultGrid";
import { ifWrong, Refusal } from "./Refusal";

/** One table, as a file or pasted; kept whole or not at all, every fault at its cell. */
export function SendTable({ label, to, example, done }: { label: string; to: string; example: string; done: (sentence: string) => void }) {
  const id = useId();
  const [pasted, setPasted] = useState("");
  const [file, setFile] = useState<File | null>(null);
  const [checked, setChecked] = useState("");
  const { upload, busy, error } = useUpload("PUT");
  async function send() {
    const content = file ?? new Blob([pasted], { type: "text/csv" });
    const answer = await upload<{ sentence: string }>(to, content);
    setChecked(answer || file?.name.endsWith(".gz") ? "" : await content.text());
    done(answer?.sentence ?? ""); // what was kept before is no answer to what is refused now
  }
  return (
    <form
      className="no-print"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label htmlFor={`${id}f`}>{label}: a CSV file, plain or gzipped</label>
      <input
        id={`${id}f`}
        type="file"
        accept=".csv,.tsv,.txt,.gz"
        {...ifWrong(file ? error : undefined, `${id}e`)}
        onChange={(event) => setFile(event.target.files?.[0] ?? null)}
      />
      <details>
        <summary>or paste it</summary>
        <label htmlFor={`${id}p`}>Rows with a heading line</label>
        <textarea
          id={`${id}p`}
          rows={5}
          {...ifWrong(file ? undefined : error, `${id}e`)}
          style={{ width: "100%" }}
          value={pasted}
          onChange={(event) => setPasted(event.target.value)}
          placeholder={example}
          disabled={file !== null}
        />
      </details>
      <div className="row">
        <button disabled={busy || (!file && !pasted.trim())}>{busy ? "reading …" : "Send"}</button>
      </div>
      {error && <FaultGrid text={checked} error={error} />}
      {error && <Refusal error={error} id={`${id}e`} />}
    </form>
  );
}
