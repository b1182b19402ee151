import { api } from "../api";
import { useJobs } from "../live";

const left = (seconds: number | null) =>
  seconds == null ? "" : seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} s left` : `about ${Math.round(seconds / 60)} min left`;

const names: Record<string, string> = {
  plan: "Plan", what_if: "What-if", worth: "What is worth knowing", rehearsal: "Rehearsal", targets: "Targets", programme: "Programme", aftersales: "After-sales", network: "Network",
  supply: "Supply", charging: "Value of charging", charging_home: "Habits of the homes", backtest: "Backtest",
};

/** Long work that is waiting or running, with its remaining time and a way to stop it. */
export function JobBar() {
  const jobs = useJobs().filter((job) => job.state === "queued" || job.state === "running" || job.state === "failed");
  const shown = jobs.filter((job, index) => job.state !== "failed" || index === 0).slice(0, 4);
  return (
    <div aria-live="polite" className="no-print">
      {shown.map((job) => (
        <div className="sheet row" key={job.id} style={{ margin: "0 0 .75rem" }}>
          <span style={{ flex: "1 1 12rem" }}>
            {names[job.kind] ?? job.kind}: {job.state === "failed" ? job.error?.message : job.state === "queued" ? "waiting" : left(job.seconds_left) || "running"}
          </span>
          {job.state !== "failed" && <progress aria-label={`${names[job.kind] ?? job.kind} progress`} style={{ flex: "2 1 12rem" }} value={job.share_done ?? undefined} max={1} />}
          {job.state !== "failed" && (
            <button className="quiet" onClick={() => void api.DELETE("/api/v1/jobs/{job_id}", { params: { path: { job_id: job.id } } })}>
              stop
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
