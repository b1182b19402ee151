import { useStart } from "../api";
import { Refusal } from "./Refusal";

/** Starts long work in a worker process; the bar above the page shows how far it is. */
export function JobButton({
  kind,
  name,
  busy,
  quiet,
  arguments: said,
}: {
  kind: string;
  name: string;
  busy: string;
  quiet?: boolean;
  arguments?: Record<string, string | number | boolean>;
}) {
  const { start, running, error } = useStart(kind);
  return (
    <>
      <button className={quiet ? "quiet" : ""} onClick={() => void start(said)} disabled={running}>
        {running ? busy : name}
      </button>
      {error && <Refusal error={error} />}
    </>
  );
}
