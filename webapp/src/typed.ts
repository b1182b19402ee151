// What was typed and not sent yet outlives leaving its page: it is kept by its name for as long as the tab is open.
import { useSyncExternalStore } from "react";

const kept = new Map<string, unknown>();
const listeners = new Set<() => void>();

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** As `useState`, by a name that says where it was typed; `first` holds until something is typed there. */
export function useTyped<T>(name: string, first: T): [T, (next: T | ((now: T) => T)) => void] {
  const now = () => (kept.has(name) ? (kept.get(name) as T) : first);
  const typed = useSyncExternalStore(subscribe, () => kept.get(name));
  const type = (next: T | ((now: T) => T)) => {
    kept.set(name, next instanceof Function ? next(now()) : next);
    listeners.forEach((listener) => listener());
  };
  return [typed === undefined ? first : (typed as T), type];
}
