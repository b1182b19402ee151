import type { Schemas } from "../api";
import { giveOrTake, money } from "../numbers";

/** What moves the value most: one bar an assumption, to both sides of no change. A table, so that it can be read aloud. */
export function Tornado({ swings, currency }: { swings: Schemas["SwingOut"][]; currency: string }) {
  const most = Math.max(1, ...swings.flatMap((swing) => [Math.abs(swing.at_low), Math.abs(swing.at_high)]));
  const bar = (change: number, tone: string) => {
    const width = (50 * Math.abs(change)) / most;
    return <i style={{ left: `${change < 0 ? 50 - width : 50}%`, width: `${width}%`, background: `var(${tone})` }} />;
  };
  const said = (change: number, se: number | null) => `${change > 0 ? "+" : ""}${money(change, currency)} ${giveOrTake(se, currency)}`;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Tornado">
      <table className="tornado">
        <caption>Each assumption changed alone, the launch planned anew, paired by world; ± is one Monte Carlo standard error</caption>
        <thead>
          <tr>
            <th>assumption</th>
            <th>changed by</th>
            <th>value changes by</th>
            <th className="num">low</th>
            <th className="num">high</th>
          </tr>
        </thead>
        <tbody>
          {swings.map((swing) => (
            <tr key={swing.what}>
              <th scope="row" className="plain">
                {swing.what}
              </th>
              <td>
                {swing.low} / {swing.high}
              </td>
              <td>
                <span className="sides" aria-hidden="true">
                  {bar(swing.at_low, "--piloting")}
                  {bar(swing.at_high, "--scaled")}
                </span>
              </td>
              <td className="num">{said(swing.at_low, swing.at_low_se)}</td>
              <td className="num">{said(swing.at_high, swing.at_high_se)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
