import { api, useAsk, type Schemas } from "../api";
import { useTitle } from "../live";
import { howMany, money, number, percent, written } from "../numbers";
import { Backtest } from "../parts/Backtest";
import { Link } from "../parts/Link";
import { Refusal } from "../parts/Refusal";
import { Said } from "../parts/Said";
import { Waiting } from "../parts/Waiting";

export default function ResearchPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Research");
  if (!launch.over) return <Screen launch={launch} />;
  return (
    <div className="grid">
      <section className="wide">
        <h1>Research</h1>
        <p>No decision is left that knowing more could change.</p>
      </section>
      <Entries launch={launch} />
    </div>
  );
}

/** Which markets are worth a look, and which facts are worth checking. */
function Screen({ launch }: { launch: Schemas["LaunchOut"] }) {
  const answer = useAsk(() => api.GET("/api/v1/research"), []);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title="Research" says="drawing the markets' order …" />;
  const most = Math.max(...data.screen.map((row) => row.score_high), 0.001);
  const least = Math.min(...data.screen.map((row) => row.score_low), 0);
  const many = data.screen.length > data.top; // of fewer all are among the first
  const at = (score: number) => (100 * (score - least)) / (most - least);
  return (
    <div className="grid">
      <section className="wide">
        <h1>Research</h1>
        <p>
          <Said>{data.sentence}</Said>
        </p>
      </section>
      <section className="sheet half">
        <h2>Which markets are worth a look</h2>
        <div className="scroll" tabIndex={0} role="region" aria-label="Screen of markets">
          <table>
            <caption>
              Return: contribution a year at full scale over the capital it takes, or a year of its fixed cost where that is more; median
              and 90 % range.{data.screen.length > 1 && ` A draw's order and this one correlate at ${number(data.stability)}.`}
            </caption>
            <thead>
              <tr>
                <th className="num">rank</th>
                <th>market</th>
                <th className="num">90 %</th>
                {many && <th className="num">in the first {data.top}</th>}
                <th className="num">return</th>
                <th>
                  {percent(least)} to {percent(most)}
                </th>
                <th className="num">knowing demand is worth</th>
              </tr>
            </thead>
            <tbody>
              {data.screen.map((row) => (
                <tr key={row.market}>
                  <td className="num">{row.rank}</td>
                  <th scope="row">
                    <Link href={`/markets/${row.market}`}>{row.name}</Link>
                  </th>
                  <td className="num">
                    {row.rank_low}–{row.rank_high}
                  </td>
                  {many && <td className="num">{percent(row.top_odds)}</td>}
                  <td className="num">{percent(row.score)}</td>
                  <td>
                    <span className="span" role="img" aria-label={`${percent(row.score_low)} to ${percent(row.score_high)}`}>
                      <i style={{ left: `${at(row.score_low)}%`, right: `${100 - at(row.score_high)}%` }} />
                      <b style={{ left: `${at(row.score)}%` }} />
                    </span>
                  </td>
                  <td className="num">{row.can_open ? money(row.demand_worth, launch.currency) : "shut"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className="sheet half">
        <h2>Facts worth checking</h2>
        {data.facts.length === 0 ? (
          <p>No fact alone would change the plan.</p>
        ) : (
          <div className="scroll" tabIndex={0} role="region" aria-label="Facts worth checking">
            <table>
              <caption>
                {data.facts.length} of {howMany(data.total_facts, "fact")}, by what knowing them before the next gate is worth to the plan
              </caption>
              <thead>
                <tr>
                  <th>market</th>
                  <th>fact</th>
                  <th>why</th>
                  <th className="num">written</th>
                  <th>grade</th>
                  <th className="num">age, days</th>
                  <th className="num">worth</th>
                </tr>
              </thead>
              <tbody>
                {data.facts.map((row) => (
                  <tr key={row.market + row.table + row.field}>
                    <th scope="row">
                      <Link href={`/markets/${row.market}`}>{row.name}</Link>
                    </th>
                    <td>
                      {`${row.channel} ${row.field}`.trim().replaceAll("_", " ")} <span className="soft">({row.table}.csv)</span>
                    </td>
                    <td>{row.states.join(", ") || "open"}</td>
                    <td className="num">{row.value == null ? "–" : `${row.currency}\u00a0${written(row.value)}`.trim()}</td>
                    <td>{row.grade || "–"}</td>
                    <td className="num">{row.age_days ?? "–"}</td>
                    <td className="num">{money(row.worth, launch.currency)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {data.studies.map((line) => (
          <p key={line}>
            Counted already: <Said>{line}</Said>
          </p>
        ))}
      </section>
      {data.spending.length > 0 && <Spent data={data} currency={launch.currency} />}
      <Entries launch={launch} />
    </div>
  );
}

/** What the model of entries is worth by past ones; no launch of one's own is asked for it. */
function Entries({ launch }: { launch: Schemas["LaunchOut"] }) {
  return (
    <>
      <h2 className="wide">Backtest: would the entry model have foretold past entries?</h2>
      <Backtest launch={launch} />
    </>
  );
}

/** What awareness and showcases do to demand, how well that is known, and what knowing it is worth. */
function Spent({ data, currency }: { data: Schemas["ResearchOut"]; currency: string }) {
  const most = Math.max(...data.spending.map((row) => row.gain_high), 0.001);
  const at = (gain: number) => (100 * gain) / most;
  return (
    <section className="sheet wide">
      <h2>Awareness and showcases</h2>
      <p>
        <Said>{data.spending_sentence}</Said>
      </p>
      <div className="scroll" tabIndex={0} role="region" aria-label="Awareness and showcases">
        <table>
          <caption>
            Spending of exposure.csv, weights counted. Demand is higher by this much in the mean of the quarters to come, median and 90 %
            range. Published effect: {data.spending_source}.
          </caption>
          <thead>
            <tr>
              <th>market</th>
              <th className="num">spent</th>
              <th className="num">raises demand by</th>
              <th className="num">90 %</th>
              <th>0 to {percent(most, 1)}</th>
              <th className="num">knowing its effect is worth</th>
            </tr>
          </thead>
          <tbody>
            {data.spending.map((row) => (
              <tr key={row.market}>
                <th scope="row">
                  <Link href={`/markets/${row.market}`}>{row.name}</Link>
                </th>
                <td className="num">{money(row.total, currency)}</td>
                <td className="num">{percent(row.gain, 1)}</td>
                <td className="num">
                  {percent(row.gain_low, 1)}–{percent(row.gain_high, 1)}
                </td>
                <td>
                  <span className="span" role="img" aria-label={`${percent(row.gain_low, 1)} to ${percent(row.gain_high, 1)}`}>
                    <i style={{ left: `${at(row.gain_low)}%`, right: `${100 - at(row.gain_high)}%` }} />
                    <b style={{ left: `${at(row.gain)}%` }} />
                  </span>
                </td>
                <td className="num">{row.worth === null ? "–" : money(row.worth, currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
