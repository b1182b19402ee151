import { JobButton } from "./JobButton";

/** Starts planning. */
export function PlanButton({ has }: { has: boolean }) {
  return <JobButton kind="plan" name={has ? "Plan again" : "Make a plan"} busy="planning …" />;
}
