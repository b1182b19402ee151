// The typed client of the REST API, and one hook that asks again whenever something was recorded.
import createClient from "openapi-fetch";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { components, paths } from "./generated/api";
import { useConnected, useJobs, useVersion } from "./live";

export type Schemas = components["schemas"];
export const api = createClient<paths>({ baseUrl: "" });

/** A server that does not answer refuses in the one shape too, so that no button waits for it for ever. */
const unreachable = {
  kind: "Unreachable",
  message: "the server did not answer",
  hint: "is `beachhead serve` still running? What you typed is still here; send it again then",
  faults: [],
};
api.use({ onError: () => Response.json({ error: unreachable }, { status: 503 }) });

export type Refused = Schemas["ErrorOut"];
/** A server that is busy, or was started again, answers soon. */
const passing = (error: Refused) => error.kind === "Unreachable" || error.kind === "NotStored";

export function refused(error: unknown): Refused {
  const body = (error as { error?: Refused } | undefined)?.error;
  return body ?? unreachable;
}

/** What there is no more, or not yet, is no reason to show what was said before. */
const gone = (error: Refused) => error.kind === "NotFound" || error.kind === "NotLearnt";

let outdated: Refused[] = [];
const listeners = new Set<() => void>();
const tell = () => listeners.forEach((listener) => listener());
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
/** Why some of what the page shows is as it stood before: it was asked for anew and refused. */
export const useOutdated = () => useSyncExternalStore(subscribe, () => outdated);

/** While it waits, data is the answer to what was asked before; where it is refused, what was answered to the same question. */
export type Answer<T> = { state: "waiting"; data?: T } | { state: "here"; data: T } | { state: "refused"; error: Refused; data?: T };

/**
 * Ask once, and again when something was recorded; the old answer stays on the page until the new one is here. What the
 * `frame` about the pages asks for itself makes no page outdated.
 */
export function useAsk<T>(
  ask: () => Promise<{ data?: T; error?: unknown }>,
  keys: unknown[],
  { frame = false }: { frame?: boolean } = {},
): Answer<T> & { again: () => void } {
  const version = useVersion();
  const [round, setRound] = useState(0);
  const question = JSON.stringify(keys);
  const [{ to, ...answer }, setAnswer] = useState<Answer<T> & { to: string }>({ state: "waiting", to: question });
  useEffect(() => {
    if (version === undefined) return;
    let wanted = true;
    let later: ReturnType<typeof setTimeout> | undefined;
    const refuse = (error: Refused) => {
      setAnswer((old) => ({ state: "refused", error, data: old.to === question && !gone(error) ? old.data : undefined, to: question }));
      if (passing(error)) later = setTimeout(() => wanted && setRound((count) => count + 1), 1500);
    };
    ask()
      .then(({ data, error }) => {
        if (!wanted) return;
        if (data !== undefined) setAnswer({ state: "here", data, to: question });
        else refuse(refused(error));
      })
      .catch((error: unknown) => wanted && refuse(refused(error)));
    return () => {
      wanted = false;
      clearTimeout(later);
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the caller names what its question depends on
  }, [question, version, round]);
  const now: Answer<T> = to === question ? answer : { state: "waiting", data: answer.data };
  const why = now.state === "refused" && now.data !== undefined && !frame && !passing(now.error) ? now.error : undefined;
  useEffect(() => {
    if (!why) return;
    outdated = [...outdated, why];
    tell();
    return () => {
      outdated = outdated.filter((other) => other !== why);
      tell();
    };
  }, [why]);
  return { ...now, again: () => setRound((count) => count + 1) };
}

/** Keys also where a page is not served over HTTPS and browsers withhold `randomUUID`. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * One write at a time, and what was refused. Its key is kept until an answer came: what is sent again after the answer
 * was lost is not carried out twice. `what` is what is sent; another content has another key.
 */
export function useSend() {
  const [error, setError] = useState<Refused>();
  const [busy, setBusy] = useState(false);
  const open = useRef<{ what: string; key: string }>(undefined);
  async function send<T>(what: unknown, ask: (key: string) => Promise<{ data?: T; error?: unknown }>): Promise<T | undefined> {
    const text = JSON.stringify(what);
    if (open.current?.what !== text) open.current = { what: text, key: newKey() };
    setBusy(true);
    setError(undefined);
    const answer = await ask(open.current.key).catch((problem: unknown) => ({ data: undefined, error: problem }));
    setBusy(false);
    const wrong = answer.error === undefined ? undefined : refused(answer.error);
    if (wrong?.kind !== "Unreachable") open.current = undefined;
    setError(wrong);
    return answer.data;
  }
  return { send, busy, error };
}

/** Sends a file, or what was pasted as if it were one. */
export function useUpload(method: "POST" | "PUT") {
  const { send, busy, error } = useSend();
  const upload = async <T>(to: string, content: Blob) => {
    const what = [to, content instanceof File ? [content.name, content.lastModified, content.size] : await content.text()];
    return send(what, async (key) => {
      const response = await fetch(to, {
        method,
        headers: { "Content-Type": "application/octet-stream", "Idempotency-Key": key },
        body: content,
      });
      const body: unknown = await response.json();
      return response.ok ? { data: body as T } : { error: body };
    });
  };
  return { upload, busy, error };
}

/**
 * Starts long work in a worker process, and tells whether any of its kind waits or runs. The socket may tell of the work
 * later than the answer to its start: until it does, what was started runs.
 */
export function useStart(kind: string) {
  const { send, busy, error } = useSend();
  const [started, setStarted] = useState<string>();
  const jobs = useJobs();
  const connected = useConnected();
  const [heardOf, setHeardOf] = useState(connected);
  if (heardOf !== connected) {
    // a server that comes back tells all that it knows
    setHeardOf(connected);
    setStarted(undefined);
  }
  const untold = started !== undefined && !jobs.some((job) => job.id === started);
  const running = jobs.some((job) => job.kind === kind && (job.state === "queued" || job.state === "running"));
  const start = async (said: Record<string, string | number | boolean> = {}) => {
    const job = await send(said, (key) =>
      api.POST("/api/v1/jobs", { params: { header: { "Idempotency-Key": key } }, body: { kind, arguments: said } }),
    );
    setStarted(job?.id);
  };
  return { start, running: running || busy || untold, error };
}
