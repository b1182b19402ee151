import type { Schemas } from "../api";
import { day, odds } from "../numbers";

type Bar = Schemas["BarOut"];

/** Tasks in time. Thick: the schedule; thin: 80 % of the days on which it may end; filled by the odds that it holds up the last. */
export function Gantt({ bars }: { bars: Bar[] }) {
  const from = Math.min(...bars.map((bar) => Date.parse(bar.begins)));
  const to = Math.max(...bars.flatMap((bar) => [Date.parse(bar.ends), Date.parse(bar.ends_high)]));
  const at = (when: string) => (100 * (Date.parse(when) - from)) / Math.max(to - from, 1);
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Tasks in time">
      <table className="gantt">
        <caption>
          {day(new Date(from).toISOString().slice(0, 10))} to {day(new Date(to).toISOString().slice(0, 10))}. Thin line: the end may fall
          here with 80 %. The fuller its colour, the likelier a task holds up the last of all
        </caption>
        <thead>
          <tr>
            <th>task</th>
            <th>
              when
              <span className="ends" aria-hidden="true">
                {[0, 0.5, 1].map((share) => (
                  <span key={share}>{day(new Date(from + share * (to - from)).toISOString().slice(0, 10))}</span>
                ))}
              </span>
            </th>
            <th className="num">critical</th>
          </tr>
        </thead>
        <tbody>
          {bars.map((bar) => (
            <tr key={bar.task}>
              <th scope="row" title={bar.name}>
                {bar.task}
              </th>
              <td>
                <span
                  className="span gantt-line"
                  role="img"
                  aria-label={`${bar.name}: ${day(bar.begins)} to ${day(bar.ends)}, ${bar.stage}; end between ${day(bar.ends_low)} and ${day(bar.ends_high)}`}
                >
                  <i style={{ left: `${at(bar.ends_low)}%`, right: `${100 - at(bar.ends_high)}%` }} />
                  <u
                    style={{
                      left: `${at(bar.begins)}%`,
                      right: `${100 - at(bar.ends)}%`,
                      opacity: bar.stage === "done" ? 0.25 : 0.35 + 0.65 * (bar.criticality ?? 0),
                    }}
                  />
                </span>
              </td>
              <td className="num">{bar.stage === "done" ? "done" : bar.criticality == null ? "–" : odds(bar.criticality)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
