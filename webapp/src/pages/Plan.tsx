import { api, useAsk, type Schemas } from "../api";
import { useTitle } from "../live";
import { howMany, inUnit, instant, money, percent } from "../numbers";
import { useFold } from "../parts/Fold";
import { Link } from "../parts/Link";
import { PlanButton } from "../parts/PlanButton";
import { RoomAnswer } from "./Room";
import { Refusal } from "../parts/Refusal";
import { Timeline } from "../parts/Timeline";
import { Tried } from "../parts/Tried";
import { Tornado } from "../parts/Tornado";
import { WhatIfs } from "../parts/WhatIfs";
import { Said } from "../parts/Said";
import { Sentences } from "../parts/Sentences";
import { Waiting } from "../parts/Waiting";

/** From this share of a limit on, it is worth a look. */
const NEARLY = 0.9;

/** What the plan says about its objective, where that is not value alone. */
const aim = (line: string) => /objective/i.test(line);

export default function PlanPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Plan");
  const answer = useAsk(() => api.GET("/api/v1/plan"), []);
  if (answer.state === "refused" && answer.error.kind === "NotFound") {
    return (
      <section className="sheet">
        <h1>Plan</h1>
        <p>There is no plan on record yet.</p>
        {!launch.over && <PlanButton has={false} />}
      </section>
    );
  }
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const plan = answer.data;
  if (!plan) return <Waiting title="Plan" />;
  const tight = plan.uses.filter(
    (use) => (use.shadow_price ?? 0) > 0 || (use.available != null && use.used > 0 && use.used >= NEARLY * use.available),
  );
  return (
    <div className="grid">
      <section className="wide">
        <h1>Plan</h1>
        <p>
          <Said>{plan.certificate.sentence}</Said>
        </p>
        {(launch.overtaken || plan.is_stale) && (
          <p className="notice">{launch.overtaken || "Decisions have been taken since this plan was made"}.</p>
        )}
        {plan.notes.filter(aim).map((line) => (
          <p key={line} className="notice">
            <Said>{line}</Said>
          </p>
        ))}
        {!plan.notes.every(aim) && (
          <ul>
            {plan.notes
              .filter((line) => !aim(line))
              .map((line) => (
                <li key={line}>
                  <Said>{line}</Said>
                </li>
              ))}
          </ul>
        )}
        <p className="soft">
          Made {instant(plan.made_at)}. Record{" "}
          <a className="hash" href={`/api/v1/records/plan/${plan.certificate.record}`}>
            {plan.certificate.record.slice(0, 10)}
          </a>
        </p>
        {!launch.over && (
          <div className="row no-print">
            <PlanButton has />
          </div>
        )}
      </section>
      {plan.objective && <Tried objective={plan.objective} currency={launch.currency} />}
      <section className="sheet wide">
        <h2>Timeline: what happens in each market, and in which share of futures</h2>
        <Timeline quarters={launch.quarters.filter((quarter) => quarter >= launch.planned_for)} steps={plan.steps} />
      </section>
      <section className="sheet wide">
        <h2>Why each market is where it is</h2>
        <Standing markets={plan.markets} />
      </section>
      <section className="sheet wide">
        <h2>What if: named scenarios side by side</h2>
        <WhatIfs currency={launch.currency} may={!launch.over} />
      </section>
      <h2 className="wide">What is worth knowing, and what moves the value</h2>
      <RoomAnswer
        room="worth"
        launch={launch}
        empty="What knowing more would be worth, and which assumptions matter most, has not been worked out yet."
      >
        {(data) =>
          data.swings.length > 0 && (
            <section className="sheet wide">
              <h2>What moves the value most</h2>
              <Tornado swings={data.swings} currency={launch.currency} />
            </section>
          )
        }
      </RoomAnswer>
      <h2 className="wide">Rehearsal: how often the gates err</h2>
      <RoomAnswer
        room="rehearsal"
        launch={launch}
        empty="How often the plan's gates scale a bad market or drop a good one has not been played through yet."
      />
      <section className="sheet">
        <h2>Gates</h2>
        {plan.gates.length === 0 && <p>No pilot starts now, so no gate is registered.</p>}
        {plan.gates.map((gate) => (
          <details key={gate.market}>
            <summary>
              {gate.name}: {gate.looks.join(", ")}
            </summary>
            <Sentences lines={gate.conditions} />
          </details>
        ))}
      </section>
      <section className="sheet">
        <h2>Limits and what one more unit is worth</h2>
        <p>
          {tight.length === 0
            ? "No limit is nearly used up, and none would bring more if it were wider."
            : `${tight.length} of ${howMany(plan.uses.length, "limit")} ${tight.length === 1 ? "is" : "are"} nearly used up, or would bring more if wider.`}
        </p>
        {tight.length > 0 && <Limits uses={tight} currency={launch.currency} label="Tight limits" />}
        {tight.length < plan.uses.length && (
          <details>
            <summary>All {plan.uses.length} limits by period</summary>
            <Limits uses={plan.uses} currency={launch.currency} label="All limits" />
          </details>
        )}
      </section>
    </div>
  );
}

function Standing({ markets }: { markets: Schemas["MarketRow"][] }) {
  const [shown, more] = useFold(markets, "markets");
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Reasons">
      <table>
        <caption>What the plan does in each market now and why; what starts first stands first</caption>
        <thead>
          <tr>
            <th>market</th>
            <th>now</th>
            <th>why</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.code}>
              <th scope="row">
                <Link href={`/markets/${row.code}`}>{row.name}</Link>
              </th>
              <td>{row.action}</td>
              <td className="why">
                <Said>{row.says}</Said>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </div>
  );
}

function Limits({ uses, currency, label }: { uses: Schemas["UseOut"][]; currency: string; label: string }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <caption>
          Used: for cars what is expected, over the worlds of the plan. Worth of one more: what the plan would gain by one more unit of the
          limit; of {currency} capital, per {currency}
        </caption>
        <thead>
          <tr>
            <th>limit</th>
            <th>period</th>
            <th className="num">used</th>
            <th className="num">available</th>
            <th className="num">worth of one more</th>
          </tr>
        </thead>
        <tbody>
          {uses.map((use) => (
            <tr key={use.limit + use.period}>
              <th scope="row" className="plain">
                {use.limit}
              </th>
              <td>{use.period}</td>
              <td className="num">{inUnit(use.used, use.unit, currency)}</td>
              <td className="num">{use.available == null ? "–" : inUnit(use.available, use.unit, currency)}</td>
              <td className="num">
                {use.shadow_price == null ? "–" : use.unit === currency ? percent(use.shadow_price) : money(use.shadow_price, currency)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
