import { useEffect, useRef, useState } from "react";
import { api } from "../api";
import { over, useJobs, type LiveJob } from "../live";
import { Refusal } from "./Refusal";

const left = (seconds: number | null) =>
  seconds == null ? "" : seconds < 90 ? `about ${Math.max(1, Math.round(seconds))} s left` : `about ${Math.round(seconds / 60)} min left`;

const names: Record<string, string> = {
  plan: "Plan",
  what_if: "What-if",
  worth: "What is worth knowing",
  rehearsal: "Rehearsal",
  targets: "Targets",
  programme: "Programme",
  aftersales: "After-sales",
  network: "Network",
  supply: "Supply",
  charging: "Value of charging",
  charging_home: "Habits of the homes",
  backtest: "Backtest",
};

/** Long work that is waiting or running, with its remaining time and a way to stop it; what failed, until it is put away. */
export function JobBar() {
  const all = useJobs();
  const [away, setAway] = useState<string[]>([]);
  const shown = all.filter((job) => job.state === "running" || (job.state === "failed" && !away.includes(job.id) && newest(job, all)));
  const waiting = all.filter((job) => job.state === "queued");
  const stop = (id: string) => void api.DELETE("/api/v1/jobs/{job_id}", { params: { path: { job_id: id } } });
  return (
    <div className="no-print">
      <div className="heard" role="status">
        {useTurn(all)}
      </div>
      {shown.map((job) => {
        const name = names[job.kind] ?? job.kind;
        return (
          <div className="sheet row" key={job.id} style={{ margin: "0 0 .75rem", alignItems: "center" }}>
            <div style={{ flex: job.state === "failed" ? "1 1 20rem" : "1 1 12rem", minWidth: 0 }}>
              {name}:{" "}
              {job.state !== "failed" ? (
                job.is_compiling ? (
                  "compiling, once for this version"
                ) : (
                  left(job.seconds_left) || "running"
                )
              ) : job.error ? (
                <Refusal error={job.error} />
              ) : (
                "failed"
              )}
            </div>
            {job.state === "failed" ? (
              <button className="quiet" aria-label={`put away: ${name}`} onClick={() => setAway([...away, job.id])}>
                put away
              </button>
            ) : (
              <>
                <progress aria-label={`${name} progress`} style={{ flex: "2 1 12rem" }} value={job.share_done ?? undefined} max={1} />
                <button className="quiet" aria-label={`stop: ${name}`} onClick={() => stop(job.id)}>
                  stop
                </button>
              </>
            )}
          </div>
        );
      })}
      {waiting.length > 0 && (
        <p className="row soft" style={{ alignItems: "center", maxWidth: "none" }}>
          Waiting:{" "}
          {waiting.map((job) => (
            <span key={job.id}>
              {names[job.kind] ?? job.kind}{" "}
              <button
                className="quiet"
                style={{ padding: "0 .4rem" }}
                aria-label={`stop ${names[job.kind] ?? job.kind}`}
                onClick={() => stop(job.id)}
              >
                ✕
              </button>
            </span>
          ))}
        </p>
      )}
    </div>
  );
}

const turns: Record<LiveJob["state"], string> = {
  queued: "waits for its turn",
  running: "runs",
  done: "is done",
  failed: "",
  cancelled: "was stopped",
};

/** What a job has just turned to, for who hears the page: the seconds left, told as they pass, would drown all else. A failure is an alert of its own. */
function useTurn(jobs: LiveJob[]): string {
  const known = useRef<Record<string, string>>({});
  const [said, setSaid] = useState("");
  useEffect(() => {
    const now = jobs.map((job) => ({
      job,
      turn: turns[job.state] + (job.state === "running" && job.is_compiling ? "; it compiles first, once for this version" : ""),
    }));
    const news = now.filter(({ job, turn }) => {
      const before = known.current[job.id];
      return turn !== before && (before !== undefined || !over(job)) && !before?.startsWith(turn);
    });
    known.current = Object.fromEntries(
      now.map(({ job, turn }) => [job.id, known.current[job.id]?.startsWith(turn) ? known.current[job.id]! : turn]),
    );
    if (news.length) setSaid(news.map(({ job, turn }) => (turn ? `${names[job.kind] ?? job.kind} ${turn}.` : "")).join(" "));
  }, [jobs]);
  return said;
}

const newest = (job: LiveJob, all: LiveJob[]) => !all.some((other) => other.kind === job.kind && other.asked_at > job.asked_at);
