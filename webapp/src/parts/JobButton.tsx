import { useState } from "react";
import { api, newKey, refused, type Refused } from "../api";
import { useJobs } from "../live";
import { Refusal } from "./Refusal";

/** Starts long work in a worker process; the bar above the page shows how far it is. */
export function JobButton({ kind, name, busy, quiet, arguments: said }: { kind: string; name: string; busy: string; quiet?: boolean; arguments?: Record<string, string | number | boolean> }) {
  const [error, setError] = useState<Refused>();
  const running = useJobs().some((job) => job.kind === kind && (job.state === "queued" || job.state === "running"));
  async function start() {
    setError(undefined);
    const answer = await api.POST("/api/v1/jobs", { params: { header: { "Idempotency-Key": newKey() } }, body: { kind, arguments: said ?? {} } });
    if (answer.error) setError(refused(answer.error));
  }
  return (
    <>
      <button className={quiet ? "quiet" : ""} onClick={() => void start()} disabled={running}>{running ? busy : name}</button>
      {error && <Refusal error={error} />}
    </>
  );
}
