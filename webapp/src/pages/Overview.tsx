import { api, useAsk, type Schemas } from "../api";
import { useTitle } from "../live";
import { certified, giveOrTake, howMany, inUnit, money } from "../numbers";
import { Link } from "../parts/Link";
import { MarketMap } from "../parts/MarketMap";
import { MarketTable, planBefore } from "../parts/MarketTable";
import { PlanButton } from "../parts/PlanButton";
import { Refusal } from "../parts/Refusal";
import { Said } from "../parts/Said";
import { Sentences } from "../parts/Sentences";
import { Waiting } from "../parts/Waiting";

export function Overview({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle(launch.name);
  const overview = useAsk(() => api.GET("/api/v1/overview"), []);
  if (overview.state === "refused" && !overview.data) return <Refusal error={overview.error} page />;
  const data = overview.data;
  if (!data) return <Waiting title={launch.name} says="reading the launch …" />;
  const count = (stage: string) => data.markets.filter((market) => market.stage === stage).length;
  // while there is no plan, making one is what to do: it stands above the map then
  const due = (
    <section className={`sheet ${data.certificate ? "tall" : "wide"}`} aria-labelledby="due-title">
      <h2 id="due-title">What needs a decision now</h2>
      {launch.overtaken && <p className="notice">{launch.overtaken}; plan again before deciding on it.</p>}
      {data.due.length === 0 && !launch.overtaken && !launch.over && (
        <p className="soft">
          {data.certificate ? (
            <>
              Nothing is due: the plan changes nothing now that is not decided already. What comes when stands under{" "}
              <Link href="/plan">Plan</Link>; what was seen of a pilot is sent under <Link href="/pilots">Pilots</Link>.
            </>
          ) : (
            "Make a plan first; it proposes the first decisions."
          )}
        </p>
      )}
      <ul className="due">
        {data.due.map((due) => (
          <li key={due.market}>
            <Link href={`/decisions?market=${due.market}`}>{due.name}</Link>: <Said>{due.sentence}</Said>
          </li>
        ))}
      </ul>
      {launch.over ? (
        <p className="soft">
          Nothing: see the ledger under <Link href="/decisions">Decisions</Link>.
        </p>
      ) : (
        <p className="row no-print">
          <PlanButton has={data.certificate !== null} />
        </p>
      )}
    </section>
  );
  return (
    <div className="grid">
      <section className="wide">
        <h1>{launch.name}</h1>
        <p>
          {launch.now}: {count("scaled")} of {howMany(data.markets.length - count("home"), "market")} abroad scaled, {count("piloting")}{" "}
          piloting
          {count("stopped") > 0 && (
            <>
              , {count("stopped")} stopped by {count("stopped") === 1 ? "its gate" : "their gates"}
            </>
          )}
          . {planBefore(data.launch) && `By ${planBefore(data.launch)}: `}
          <Said>{data.certificate ? data.certificate.sentence : "There is no plan on record yet."}</Said>
        </p>
        {data.notes.length > 0 && (
          <details>
            <summary>
              {howMany(data.notes.length, "thing that another room changed", "things that other rooms changed")} in the plan
            </summary>
            <Sentences lines={data.notes} />
          </details>
        )}
      </section>
      {!data.certificate && due}
      <section className={`sheet ${data.certificate ? "two" : "wide"}`} aria-labelledby="map-title">
        <h2 id="map-title">Where the launch stands</h2>
        <MarketMap markets={data.markets} />
      </section>
      {data.certificate && due}
      {data.certificate && (
        <section className="sheet beside" aria-labelledby="value-title">
          <h2 id="value-title">Value and limits</h2>
          <dl className="figures">
            <div>
              <dt>expected value</dt>
              <dd>
                {money(data.certificate.value, launch.currency)}
                <small>{giveOrTake(data.certificate.value_se, launch.currency)} (Monte Carlo)</small>
              </dd>
            </div>
            <div>
              <dt>no plan can earn more than</dt>
              <dd>
                {money(data.certificate.bound, launch.currency)}
                <small>{giveOrTake(data.certificate.bound_se, launch.currency)}</small>
              </dd>
            </div>
            {data.certificate.share_of_bound != null && (
              <div>
                <dt>certified share</dt>
                <dd>
                  {certified(data.certificate.share_of_bound)}
                  <small>value as a share of the bound</small>
                </dd>
              </div>
            )}
            {data.uses.map((use) => (
              <div key={use.limit + use.period}>
                <dt>
                  {use.limit}, {use.period}
                </dt>
                <dd>
                  {inUnit(use.used, use.unit, launch.currency)}
                  <small>{use.available == null ? "no limit" : `of ${inUnit(use.available, use.unit, launch.currency)}`}</small>
                </dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <section className="sheet wide" aria-labelledby="markets-title">
        <h2 id="markets-title">Markets</h2>
        <MarketTable markets={data.markets} launch={data.launch} />
      </section>
      {Object.keys(launch.shut).length > 0 && (
        <p className="soft wide no-print">
          Further pages open once the launch folder has their tables:{" "}
          {Object.entries(launch.shut).map(([page, files], index) => (
            <span key={page}>
              {index > 0 && ", "}
              <Link href={`/${page}`}>{page}</Link> ({files.join(", ")})
            </span>
          ))}
          .
        </p>
      )}
    </div>
  );
}
