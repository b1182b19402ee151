import { inLocale } from "../numbers";

/** A sentence of the server: `commands` between backticks as code, numbers as the reader writes them, unless they are to be typed (`literal`). */
export function Said({ children, literal }: { children: string | null | undefined; literal?: boolean }) {
  return (
    <>{(children ?? "").split("`").map((part, index) => (index % 2 ? <code key={index}>{part}</code> : literal ? part : inLocale(part)))}</>
  );
}

/** The same as plain text, for labels. */
export const saidPlainly = (text: string) =>
  text
    .split("`")
    .map((part, index) => (index % 2 ? part : inLocale(part)))
    .join("");
