import type { Schemas } from "../api";
import { cars, giveOrTake, money, number, percent } from "../numbers";

/** Policies tried for the objective: what each step towards it costs in expected value and in the worst worlds. */
export function Tried({ objective, currency }: { objective: Schemas["ObjectiveOut"]; currency: string }) {
  const isValue = objective.wanted === "npv"; // value has no bonus, and is its own score
  const score = (value: number) => (objective.wanted === "target_odds" ? percent(value) : cars(value));
  return (
    <section className="sheet wide">
      <h2>Policies tried for the objective: {objective.said}</h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Policies tried">
        <table>
          <thead>
            <tr>
              {!isValue && <th className="num">bonus</th>}
              <th className="num">caution</th>
              {!isValue && <th className="num">{objective.wanted === "units_by" ? "cars" : "odds"}</th>}
              <th className="num">expected value</th>
              <th className="num">worst tail</th>
              <th>taken</th>
            </tr>
          </thead>
          <tbody>
            {objective.tried.map((row) => (
              <tr key={`${row.bonus} ${row.caution}`}>
                {!isValue && (
                  <th scope="row" className="plain num">
                    {money(row.bonus, currency)}
                  </th>
                )}
                {isValue ? (
                  <th scope="row" className="plain num">
                    {number(row.caution)} sd
                  </th>
                ) : (
                  <td className="num">{number(row.caution)} sd</td>
                )}
                {!isValue && <td className="num">{score(row.score)}</td>}
                <td className="num">{money(row.value, currency)}</td>
                <td className="num">
                  {money(row.worst, currency)} {giveOrTake(row.worst_se, currency)}
                </td>
                <td>{row.is_chosen ? "yes" : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
