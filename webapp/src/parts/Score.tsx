import { api, useSend, type Schemas } from "../api";
import { percent } from "../numbers";
import { Calibration } from "./Calibration";
import { Refusal } from "./Refusal";
import { Said } from "./Said";

/** Rows of odds without an outcome beyond which they are folded away, for the ledger stands below them. */
const MOST_OPEN = 12;

/** How good the stated odds were, in a sentence; their calibration, what came of each, and what has no outcome and why. */
export function Score({ score, may }: { score: Schemas["ScoreOut"]; may: boolean }) {
  const { send, busy, error } = useSend();
  const enter = () => send("score", () => api.POST("/api/v1/score", {}));
  return (
    <>
      <p>
        <strong>
          <Said>{score.sentence}</Said>
        </strong>
      </p>
      {score.lines.map((line) => (
        <p key={line}>
          <Said>{line}</Said>
        </p>
      ))}
      {may && score.ready > 0 && (
        <p className="row no-print">
          <button disabled={busy} onClick={() => void enter()}>
            {busy ? "Reading …" : "Enter what came"}
          </button>
        </p>
      )}
      {error && <Refusal error={error} />}
      <Calibration score={score} />
      {score.came.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="What came of the odds">
          <table>
            <caption>
              <Said>{score.came_title}</Said>
              {score.came.length < score.settled && "; the ledger below tells of all"}
            </caption>
            <thead>
              <tr>
                <th>event</th>
                <th className="num">odds stated</th>
                <th>came true</th>
                <th>known</th>
              </tr>
            </thead>
            <tbody>
              {score.came.map((each) => (
                <tr key={each.by + each.event}>
                  <th scope="row" className="plain long">
                    {each.event}
                  </th>
                  <td className="num">{percent(each.probability)}</td>
                  <td>{each.happened ? "yes" : "no"}</td>
                  <td>{each.by}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {score.without.length > 0 && (
        <details open={score.without.length <= MOST_OPEN}>
          <summary>Odds whose time is over, without an outcome: {score.without.length}</summary>
          <div className="scroll" tabIndex={0} role="region" aria-label="Odds without an outcome">
            <table>
              <thead>
                <tr>
                  <th>odds of</th>
                  <th className="num">how many</th>
                  <th>why</th>
                </tr>
              </thead>
              <tbody>
                {score.without.map((each) => (
                  <tr key={each.what + each.why}>
                    <th scope="row" className="plain">
                      {each.what}
                    </th>
                    <td className="num">{each.count}</td>
                    <td style={{ minWidth: "13rem" }}>
                      <Said>{each.why}</Said>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </>
  );
}
