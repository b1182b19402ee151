// The typed client of the REST API, and one hook that asks again whenever something was recorded.
import createClient from "openapi-fetch";
import { useEffect, useState } from "react";
import type { components, paths } from "./generated/api";
import { useVersion } from "./live";

export type Schemas = components["schemas"];
export const api = createClient<paths>({ baseUrl: "" });

export interface Refused {
  kind: string;
  message: string;
  hint: string;
  faults: { file: string; row?: number | null; column?: string | null; written: string; problem: string; cure: string }[];
}

export function refused(error: unknown): Refused {
  const body = (error as { error?: Refused } | undefined)?.error;
  return body ?? { kind: "Unreachable", message: "the server did not answer", hint: "is `beachhead serve` still running?", faults: [] };
}

export type Answer<T> = { state: "waiting"; data?: T } | { state: "here"; data: T } | { state: "refused"; error: Refused; data?: T };

/** Ask once, and again when something was recorded; the old answer stays on the page until the new one is here. */
export function useAsk<T>(ask: () => Promise<{ data?: T; error?: unknown }>, keys: unknown[]): Answer<T> & { again: () => void } {
  const version = useVersion();
  const [round, setRound] = useState(0);
  const [answer, setAnswer] = useState<Answer<T>>({ state: "waiting" });
  useEffect(() => {
    let wanted = true;
    let later: ReturnType<typeof setTimeout> | undefined;
    const refuse = (error: Refused) => {
      setAnswer((old) => ({ state: "refused", error, data: old.data }));
      // a server that is busy or was started again answers soon
      if (error.kind === "Unreachable" || error.kind === "NotStored") later = setTimeout(() => wanted && setRound((count) => count + 1), 1500);
    };
    ask()
      .then(({ data, error }) => {
        if (!wanted) return;
        if (data !== undefined) setAnswer({ state: "here", data });
        else refuse(refused(error));
      })
      .catch((error: unknown) => wanted && refuse(refused(error)));
    return () => {
      wanted = false;
      clearTimeout(later);
    };
    // the caller names what its question depends on
  }, [...keys, version, round]);
  return { ...answer, again: () => setRound((count) => count + 1) };
}

export const newKey = () => crypto.randomUUID();
