import type { Schemas } from "../api";
import { day, howMany } from "../numbers";
import { Said } from "./Said";

/** A chain of reasons, each with who says so; folded away unless `open`. */
export function Reasons({ reasons, open }: { reasons: Schemas["ReasonOut"][]; open?: boolean }) {
  const chain = (
    <ol className="reasons">
      {reasons.map((reason, index) => (
        <li key={index}>
          <Said>{reason.text}</Said>{" "}
          <cite>
            [{reason.source.grade}] {reason.source.who}, {day(reason.source.as_of)}
          </cite>
        </li>
      ))}
    </ol>
  );
  if (open) return chain;
  return (
    <details>
      <summary>{howMany(reasons.length, "reason")}</summary>
      {chain}
    </details>
  );
}
