// The address bar is the state: a page is its path, what is chosen on it stands in the query.
import { useSyncExternalStore } from "react";

export interface Route {
  path: string;
  parts: string[];
  query: URLSearchParams;
}

const listeners = new Set<() => void>();
let current = read();

function read(): Route {
  const { pathname, search } = window.location;
  return { path: pathname, parts: pathname.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(search) };
}

/** An address typed by hand may hold a % that encodes nothing. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function changed() {
  current = read();
  for (const listener of listeners) listener();
}

window.addEventListener("popstate", changed);

export function go(to: string, options: { replace?: boolean } = {}) {
  if (options.replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  changed();
}

export function choose(key: string, value: string | null) {
  const query = new URLSearchParams(window.location.search);
  if (value === null || value === "") query.delete(key);
  else query.set(key, value);
  const text = query.toString();
  go(window.location.pathname + (text ? `?${text}` : ""), { replace: true });
}

export function useRoute(): Route {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
