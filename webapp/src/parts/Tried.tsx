import type { Schemas } from "../api";
import { cars, money, percent } from "../numbers";

/** Policies tried for the objective: what each step towards it costs in expected value and in the worst worlds. */
export function Tried({ objective, currency }: { objective: Schemas["ObjectiveOut"]; currency: string }) {
  const score = (value: number) => (objective.wanted === "target_odds" ? percent(value) : objective.wanted === "units_by" ? cars(value) : money(value, currency));
  const head = { npv: "expected value", units_by: "cars", target_odds: "odds" }[objective.wanted];
  return (
    <section className="sheet wide">
      <h2>Policies tried for the objective: {objective.said}</h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Policies tried">
        <table>
          <thead><tr><th className="num">bonus</th><th className="num">caution</th><th className="num">{head}</th><th className="num">expected value</th><th className="num">worst tail</th><th>taken</th></tr></thead>
          <tbody>
            {objective.tried.map((row) => (
              <tr key={`${row.bonus} ${row.caution}`}>
                <td className="num">{money(row.bonus, currency)}</td><td className="num">{row.caution} sd</td><td className="num">{score(row.score)}</td>
                <td className="num">{money(row.value, currency)}</td><td className="num">{money(row.worst, currency)} ± {money(row.worst_se, currency)}</td><td>{row.is_chosen ? "yes" : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
