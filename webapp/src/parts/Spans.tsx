import type { Schemas } from "../api";
import { money } from "../numbers";

/** Savings with their intervals on one scale. A table, so that it can be read aloud. */
export function Spans({ rows }: { rows: Schemas["ChargeMarketOut"][] }) {
  const all = rows.flatMap((row) => row.saved);
  const [least, most] = [Math.min(0, ...all.map((item) => item.low)), Math.max(1, ...all.map((item) => item.high))];
  const at = (value: number) => (100 * (value - least)) / (most - least);
  const eur = (value: number) => money(value, "EUR");
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Saved by market">
      <table>
        <caption>Saved against three ways of charging: ◆ mean, the bar its 95 % interval over homes, ┃ nothing saved</caption>
        <thead>
          <tr>
            <th>market</th>
            <th>against</th>
            <th className="num">saved</th>
            <th className="num">95 %</th>
            <th>
              {eur(least)} to {eur(most)}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.flatMap((row) =>
            row.saved.map((item, index) => (
              <tr key={row.market + item.baseline}>
                {index === 0 && (
                  <th scope="rowgroup" rowSpan={row.saved.length}>
                    {row.name}
                  </th>
                )}
                <td>{item.baseline}</td>
                <td className="num">{eur(item.mean)}</td>
                <td className="num">
                  {eur(item.low)} to {eur(item.high)}
                </td>
                <td>
                  <span className="span" aria-hidden="true">
                    <i style={{ left: `${at(item.low)}%`, right: `${100 - at(item.high)}%` }} />
                    <em style={{ left: `${at(item.mean)}%` }} />
                    <b style={{ left: `${at(0)}%` }} />
                  </span>
                </td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}
