import { api, useAsk, type Schemas } from "../api";
import { useTitle } from "../live";
import { cars, certified, day, giveOrTake, howMany, instant, money, percent } from "../numbers";
import { LedgerTable } from "../parts/LedgerTable";
import { Link } from "../parts/Link";
import { MarketMap } from "../parts/MarketMap";
import { Reading } from "../parts/Reading";
import { Refusal } from "../parts/Refusal";
import { Timeline } from "../parts/Timeline";
import { Said } from "../parts/Said";
import { Waiting } from "../parts/Waiting";

/** A memo for the board: printed or saved as PDF by the browser; charts are vectors, numbers name their record. */
export default function ReportPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Report");
  const overview = useAsk(() => api.GET("/api/v1/overview"), []);
  const plan = useAsk(() => api.GET("/api/v1/plan"), []);
  const decisions = useAsk(() => api.GET("/api/v1/decisions"), []);
  if (overview.state === "refused" && !overview.data) return <Refusal error={overview.error} page />;
  if (!overview.data) return <Waiting title={`${launch.name}: launch memo`} />;
  const { certificate, due, markets } = overview.data;
  const last = Math.max(...(plan.data?.steps ?? []).map((step) => launch.quarters.indexOf(step.quarter)), 0);
  const shown = launch.quarters.slice(0, last + 1).filter((quarter) => quarter >= launch.planned_for);
  const rests = (row: Schemas["MarketRow"]) => row.action === "wait" || row.action === "hold" || row.stage === "home";
  const moving = plan.data?.markets.filter((row) => !rests(row)) ?? [];
  const waiting = plan.data?.markets.filter((row) => rests(row) && row.stage !== "home").length ?? 0;
  const record = (hash: string) => (
    <a className="hash" href={`/api/v1/records/plan/${hash}`}>
      plan {hash.slice(0, 10)}
    </a>
  );
  return (
    <article className="memo">
      <p className="no-print">
        <button onClick={() => window.print()}>Print or save as PDF</button>
      </p>
      <h1>{launch.name}: launch memo</h1>
      <p className="soft">
        {day(launch.today)} · state of the launch <span className="hash">{launch.version.slice(0, 10)}</span> · {launch.now}
      </p>
      <section className="sheet">
        <h2>In one paragraph</h2>
        <p>
          <Said>{certificate ? certificate.sentence : "No plan is on record yet."}</Said>
          {certificate ? (
            <> ({record(certificate.record)})</>
          ) : (
            <span className="no-print">
              {" "}
              It is made under <Link href="/plan">Plan</Link>.
            </span>
          )}
        </p>
        {launch.overtaken && <p className="notice">{launch.overtaken}.</p>}
        {due.length > 0 && <p>{howMany(due.length, "decision is", "decisions are")} due.</p>}
      </section>
      <section className="sheet">
        <h2>Where the launch stands</h2>
        <MarketMap markets={markets} />
      </section>
      <section className="sheet">
        <h2>Decisions due</h2>
        {due.length === 0 ? (
          <p>None.</p>
        ) : (
          <ul className="due">
            {due.map((item) => (
              <li key={item.market}>
                <strong>{item.name}</strong>: <Said>{item.sentence}</Said>
              </li>
            ))}
          </ul>
        )}
      </section>
      {[plan, decisions].map((part, index) =>
        part.data ? null : part.state === "waiting" ? (
          <Reading key={index} />
        ) : part.state === "refused" && part.error.kind !== "NotFound" ? (
          <Refusal key={index} error={part.error} />
        ) : null,
      )}
      {plan.data && (
        <section className="sheet">
          <h2>Plan</h2>
          <p className="soft">
            Made {instant(plan.data.made_at)}; every figure below is from {record(plan.data.certificate.record)}.
          </p>
          <dl className="figures">
            <div>
              <dt>expected value</dt>
              <dd>
                {money(plan.data.certificate.value, launch.currency)}
                <small>{giveOrTake(plan.data.certificate.value_se, launch.currency)}</small>
              </dd>
            </div>
            <div>
              <dt>upper bound</dt>
              <dd>
                {money(plan.data.certificate.bound, launch.currency)}
                <small>{plan.data.certificate.method}</small>
              </dd>
            </div>
            {plan.data.certificate.share_of_bound != null && (
              <div>
                <dt>certified share</dt>
                <dd>
                  {certified(plan.data.certificate.share_of_bound)}
                  <small>value as a share of the bound</small>
                </dd>
              </div>
            )}
          </dl>
          {plan.data.objective?.sentences.map((line) => (
            <p key={line}>
              <Said>{line}</Said>
            </p>
          ))}
          {plan.data.notes.length > 0 && (
            <ul aria-label="What other rooms changed in the plan">
              {plan.data.notes.map((line) => (
                <li key={line}>
                  <Said>{line}</Said>
                </li>
              ))}
            </ul>
          )}
          <Timeline quarters={shown} steps={plan.data.steps} />
          {moving.length === 0 && <p>{launch.planned_for}: hold everywhere.</p>}
          {moving.length > 0 && (
            <div className="scroll" tabIndex={0} role="region" aria-label="What happens now">
              <table>
                <caption>Markets in which something is done now; demand at full scale from {launch.year}, median and 90 % range</caption>
                <thead>
                  <tr>
                    <th>market</th>
                    <th>now</th>
                    <th className="num">demand, cars a year</th>
                    <th className="num">odds of break-even</th>
                    <th>why</th>
                  </tr>
                </thead>
                <tbody>
                  {moving.map((row) => (
                    <tr key={row.code}>
                      <th scope="row">{row.name}</th>
                      <td>{row.action}</td>
                      <td className="num">
                        {cars(row.demand_median)} ({cars(row.demand_low)}–{cars(row.demand_high)})
                      </td>
                      <td className="num">{percent(row.odds_good)}</td>
                      <td className="why">
                        <Said>{row.says}</Said>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          {waiting > 0 && (
            <p>
              {waiting === 1
                ? `One ${moving.length ? "further " : ""}market waits`
                : `${waiting} ${moving.length ? "further " : ""}markets wait`}
              ; the page Plan says why for each.
            </p>
          )}
        </section>
      )}
      {decisions.data && (
        <section className="sheet">
          <h2>Ledger</h2>
          <p>
            <Said>{decisions.data.ledger_sentence}</Said>
          </p>
          {decisions.data.rows.length > 0 && <LedgerTable rows={decisions.data.rows} />}
        </section>
      )}
    </article>
  );
}
