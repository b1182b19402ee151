import { api } from "../api";
import { useJobs } from "../live";
import { Said } from "./Said";

const left = (seconds: number | null) =>
  seconds == null ? "" : seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} s left` : `about ${Math.round(seconds / 60)} min left`;

const names: Record<string, string> = {
  plan: "Plan", what_if: "What-if", worth: "What is worth knowing", rehearsal: "Rehearsal", targets: "Targets", programme: "Programme", aftersales: "After-sales", network: "Network",
  supply: "Supply", charging: "Value of charging", charging_home: "Habits of the homes", backtest: "Backtest",
};

/** Long work that is waiting or running, with its remaining time and a way to stop it. */
export function JobBar() {
  const jobs = useJobs().filter((job) => job.state === "queued" || job.state === "running" || job.state === "failed");
  const shown = jobs.filter((job, index) => job.state === "running" || (job.state === "failed" && index === 0) || (job.state === "queued" && jobs.length === 1));
  const waiting = jobs.filter((job) => job.state === "queued" && !shown.includes(job));
  const stop = (id: string) => void api.DELETE("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } } });
  return (
    <div aria-live="polite" className="no-print">
      {shown.map((job) => (
        <div className="sheet row" key={job.id} style={{ margin: "0 0 .75rem", alignItems: "center" }}>
          <span style={{ flex: "1 1 12rem" }}>
            {names[job.kind] ?? job.kind}: {job.state === "failed" ? <Said literal>{[job.error?.message, job.error?.hint].filter(Boolean).join(" · ")}</Said> : job.state === "queued" ? "waiting" : left(job.seconds_left) || "running"}
          </span>
          {job.state !== "failed" && <progress aria-label={`${names[job.kind] ?? job.kind} progress`} style={{ flex: "2 1 12rem" }} value={job.share_done ?? undefined} max={1} />}
          {job.state !== "failed" && (
            <button className="quiet" onClick={() => stop(job.id)}>
              stop
            </button>
          )}
        </div>
      ))}
      {waiting.length > 0 && <p className="row soft" style={{ alignItems: "center", maxWidth: "none" }}>Waiting: {waiting.map((job) => <span key={job.id}>{names[job.kind] ?? job.kind} <button className="quiet" style={{ padding: "0 .4rem" }} aria-label={`stop ${names[job.kind] ?? job.kind}`} onClick={() => stop(job.id)}>✕</button></span>)}</p>}
    </div>
  );
}
