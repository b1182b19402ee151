import type { Schemas } from "../api";
import { percent } from "../numbers";
import { useFold } from "./Fold";
import { Link } from "./Link";

const kinds = ["pilot", "scale", "exit"] as const;
const signs: Record<string, string> = { pilot: "◐", scale: "●", exit: "✕" };

/** Markets down, quarters across; a thicker bar means in more futures. A table, so that it can be read aloud and printed. */
export function Timeline({ quarters, steps }: { quarters: string[]; steps: Schemas["StepOut"][] }) {
  const [markets, more] = useFold([...new Map(steps.map((step) => [step.market, step.name])).entries()], "markets");
  const cell = (market: string, quarter: string) => steps.filter((step) => step.market === market && step.quarter === quarter);
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Timeline">
      <table className="timeline">
        <caption>
          {kinds.map((kind) => `${signs[kind]} ${kind}`).join(" · ")}; the number and the bar below it say in which share of futures it
          happens then
        </caption>
        <thead>
          <tr>
            <th>market</th>
            {quarters.map((quarter) => (
              <th key={quarter} className="num">
                {quarter.slice(2)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {markets.map(([market, name]) => (
            <tr key={market}>
              <th scope="row">
                <Link href={`/markets/${market}`}>{name}</Link>
              </th>
              {quarters.map((quarter) => (
                <td key={quarter}>
                  {cell(market, quarter).map((step) => (
                    <span
                      key={step.action}
                      className={`step step-${step.action}`}
                      style={{ borderBottomWidth: `${1 + Math.round(4 * step.share)}px` }}
                      title={step.detail}
                    >
                      {signs[step.action] ?? "·"}
                      {step.share < 0.995 && <small>{percent(step.share).replace(/\s/, "")}</small>}
                    </span>
                  ))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </div>
  );
}
