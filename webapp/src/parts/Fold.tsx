import { useState, type ReactNode } from "react";

const MOST = 50;

/** The first rows of a long table and a button for the rest; short tables are whole. */
export function useFold<T>(rows: T[], what: string): [shown: T[], more: ReactNode] {
  const [isWhole, show] = useState(false);
  if (isWhole || rows.length <= MOST) return [rows, null];
  return [
    rows.slice(0, MOST),
    <p key="more">
      <button className="quiet" onClick={() => show(true)}>
        Show all {rows.length} {what}
      </button>
    </p>,
  ];
}
