// One WebSocket a tab: what changes on the server is told at once (server-sent events would hang the seventh tab).
import { useEffect, useState, useSyncExternalStore } from "react";
import type { components } from "./generated/api";

export type LiveJob = components["schemas"]["JobOut"];

type Message = { topic: "jobs"; jobs: LiveJob[] } | { topic: "launch"; version: string } | { topic: "compiling"; is_compiling: boolean };

let jobs: LiveJob[] = [];
let version: string | undefined;
let connected = false;
let compiling = false;
const listeners = new Set<() => void>();
const tell = () => listeners.forEach((listener) => listener());

/** Work that a server started again knows nothing of: said once, not passed over in silence. */
function lost(known: LiveJob[]): LiveJob[] {
  const gone = jobs.filter((job) => !over(job) && !known.some((other) => other.id === job.id));
  const kept = jobs.filter(
    (job) => job.error?.kind === "Lost" && !known.some((other) => other.kind === job.kind && other.asked_at > job.asked_at),
  );
  return [
    ...kept,
    ...gone.map((job): LiveJob => ({
      ...job,
      state: "failed",
      error: { kind: "Lost", message: "the server was stopped before this was finished", hint: "start it again", faults: [] },
    })),
  ];
}

export const over = (job: LiveJob) => job.state !== "queued" && job.state !== "running";

let wait = 250;
let socket: WebSocket | undefined;
let later: ReturnType<typeof setTimeout> | undefined;

function connect() {
  clearTimeout(later);
  if (socket && socket.readyState <= WebSocket.OPEN) return;
  socket = new WebSocket(`${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/api/v1/live`);
  socket.onopen = () => {
    wait = 250;
    connected = true;
    tell();
  };
  socket.onmessage = (event) => {
    const message = JSON.parse(String(event.data)) as Message;
    if (message.topic === "jobs") jobs = [...message.jobs, ...lost(message.jobs)];
    else if (message.topic === "compiling") compiling = message.is_compiling;
    else version = message.version;
    tell();
  };
  socket.onclose = () => {
    connected = false;
    compiling = false;
    version ??= "";
    tell();
    wait = Math.min(wait * 2, 8000);
    later = setTimeout(connect, wait);
  };
}

/** The server sees that files were edited by hand when it is next asked, and tells every tab. */
function look() {
  connect();
  if (document.visibilityState === "visible") void fetch("/api/v1/launch").catch(() => undefined);
}

/** The longest that the first questions wait for the socket to tell which version they are answered for, in milliseconds. */
const PATIENCE = 1000;

export function startLive() {
  connect();
  setTimeout(() => {
    version ??= "";
    tell();
  }, PATIENCE);
  window.addEventListener("online", connect);
  window.addEventListener("focus", look); // back from an editor beside it, which hid no tab
  document.addEventListener("visibilitychange", look);
}

/** At once instead of when its turn comes: somebody has just signed in. */
export const reconnect = connect;

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useJobs = () => useSyncExternalStore(subscribe, () => jobs);
/**
 * Changes whenever anything recorded for the launch changes; pages ask again when it does. Undefined until the server has
 * told its first: what is asked before that would be asked twice.
 */
export const useVersion = () => useSyncExternalStore(subscribe, () => version);
export const useConnected = () => useSyncExternalStore(subscribe, () => connected);

/** Whether an answer waits for kernels that are compiled once for this version; so it stays, once it was, from one kernel to the next. */
export function useCompiling() {
  const now = useSyncExternalStore(subscribe, () => compiling);
  const [was, setWas] = useState(now);
  if (now && !was) setWas(true);
  return now || was;
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Beachhead`;
  }, [title]);
}
