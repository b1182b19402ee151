import { api, useAsk, type Schemas } from "../../api";
import { percent, tenth, weekdayClock } from "../../numbers";
import { ChargeCourse } from "../../parts/ChargeCourse";
import { JobButton } from "../../parts/JobButton";
import { Reading } from "../../parts/Reading";
import { Refusal } from "../../parts/Refusal";
import { Said } from "../../parts/Said";
import { Sentences } from "../../parts/Sentences";

export function Planned({
  market,
  home,
  plugged,
  stored,
  leaves,
}: {
  market: string;
  home: string;
  plugged: string;
  stored: string;
  leaves: string;
}) {
  const asked = {
    market,
    home,
    plugged_in: plugged,
    ...(stored === "" ? {} : { stored: Number(stored) }),
    ...(leaves === "" ? {} : { leaves }),
  };
  const answer = useAsk(() => api.GET("/api/v1/charging/plan", { params: { query: asked } }), [market, home, plugged, stored, leaves]);
  if (answer.state === "refused" && answer.error.kind === "NotLearnt") {
    return (
      <div>
        <p>
          When this home's car leaves, and what its next trips need, is learnt from its own past and from what other homes have in common.
          That takes about ten seconds, once.
        </p>
        <p className="row no-print">
          <JobButton kind="charging_home" name="Learn and plan" busy="learning …" arguments={{ home, market, plugged_in: plugged }} />
        </p>
      </div>
    );
  }
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} />;
  if (!answer.data) return <Reading says="planning …" />;
  const plan = answer.data;
  const told = Math.min(plan.decisions.length, plan.decisions.reduce((last, item, index) => (item.charges ? index : last), 5) + 3);
  return (
    <div aria-busy={answer.state === "waiting" || undefined}>
      <Sentences lines={plan.sentences} due />
      <ChargeCourse plan={plan} />
      <p className="soft">
        {plan.household === null
          ? "The household's load is not on record; send it below to see it beside the car."
          : plan.household === "made up"
            ? "The household's load is made up; send its own below."
            : `Load of the household ${plan.household}: the mean of the same hours of six past weeks.`}
        {plan.cap_kw != null &&
          ` Household and car are kept under ${tenth(plan.cap_kw)} kW for the rest of the month, whose highest hour costs.`}
      </p>
      <h3>Every decision, and what the other way would have cost</h3>
      <Decisions rows={plan.decisions.slice(0, told)} label="Decisions of the session" />
      {told < plan.decisions.length && (
        <details>
          <summary>{plan.decisions.length - told} further hours in which it waits</summary>
          <Decisions rows={plan.decisions.slice(told)} label="Further hours" />
        </details>
      )}
    </div>
  );
}

function Decisions({ rows, label }: { rows: Schemas["ChargeDecisionOut"][]; label: string }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <caption>Planned anew each hour with what is known then, as long as the car stays</caption>
        <thead>
          <tr>
            <th>hour</th>
            <th className="num">ct/kWh</th>
            <th>decision</th>
            <th className="num">the other costs more, ct</th>
            <th className="num">holds, kWh</th>
            <th className="num">still there</th>
            <th>why</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((item) => (
            <tr key={item.at}>
              <th scope="row">{weekdayClock(item.at)}</th>
              <td className="num">{tenth(100 * item.eur_per_kwh)}</td>
              <td className="stage">{item.charges ? "▲ charges" : "– waits"}</td>
              <td className="num">{tenth(100 * item.other_costs_eur)}</td>
              <td className="num">{tenth(item.stored_kwh)}</td>
              <td className="num">{percent(item.there)}</td>
              <td className="why">
                <Said>{item.sentence}</Said>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
