import { useState } from "react";
import { api, newKey, refused, type Refused } from "../api";
import { useJobs } from "../live";
import { Refusal } from "./Refusal";

/** Starts planning in a worker process; the bar above shows how far it is. */
export function PlanButton({ has }: { has: boolean }) {
  const [error, setError] = useState<Refused>();
  const busy = useJobs().some((job) => job.kind === "plan" && (job.state === "queued" || job.state === "running"));
  async function start() {
    setError(undefined);
    const answer = await api.POST("/api/v1/jobs", { params: { header: { "Idempotency-Key": newKey() } }, body: { kind: "plan", arguments: {} } });
    if (answer.error) setError(refused(answer.error));
  }
  return (
    <>
      <button onClick={() => void start()} disabled={busy}>{busy ? "planning …" : has ? "Plan again" : "Make a plan"}</button>
      {error && <Refusal error={error} />}
    </>
  );
}
