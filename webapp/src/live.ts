// One WebSocket a tab: what changes on the server is told at once (server-sent events would hang the seventh tab).
import { useEffect, useSyncExternalStore } from "react";

export interface LiveJob {
  id: string;
  kind: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  share_done: number | null;
  seconds_left: number | null;
  error: { message: string; hint: string } | null;
}

type Message = { topic: "jobs"; jobs: LiveJob[] } | { topic: "launch"; version: string };

let jobs: LiveJob[] = [];
let version = "";
let connected = false;
const listeners = new Set<() => void>();
const tell = () => listeners.forEach((listener) => listener());

let wait = 250;
function connect() {
  const socket = new WebSocket(`${window.location.protocol === "https:" ? "wss" : "ws"}://${window.location.host}/api/v1/live`);
  socket.onopen = () => {
    wait = 250;
    connected = true;
    tell();
  };
  socket.onmessage = (event) => {
    const message = JSON.parse(String(event.data)) as Message;
    if (message.topic === "jobs") jobs = message.jobs;
    else version = message.version;
    tell();
  };
  socket.onclose = () => {
    connected = false;
    tell();
    wait = Math.min(wait * 2, 8000);
    setTimeout(connect, wait);
  };
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const startLive = connect;
export const useJobs = () => useSyncExternalStore(subscribe, () => jobs);
/** Changes whenever anything recorded for the launch changes; pages ask again when it does. */
export const useVersion = () => useSyncExternalStore(subscribe, () => version);
export const useConnected = () => useSyncExternalStore(subscribe, () => connected);

export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Beachhead`;
  }, [title]);
}
