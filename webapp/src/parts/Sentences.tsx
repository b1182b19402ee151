import { Said } from "./Said";

/** Sentences of the server as a list; `due` where they say what is to be done or known first. */
export function Sentences({ lines, due }: { lines: readonly string[]; due?: boolean }) {
  return (
    <ul className={due ? "due" : undefined}>
      {lines.map((line) => (
        <li key={line}>
          <Said>{line}</Said>
        </li>
      ))}
    </ul>
  );
}
