import { api, useAsk, type Schemas } from "../api";
import { useTitle } from "../live";
import { cars, day, howMany, instant, money, number, percent } from "../numbers";
import { JobButton } from "../parts/JobButton";
import { Refusal } from "../parts/Refusal";
import { SwitchMap } from "../parts/SwitchMap";
import { choose, useRoute } from "../route";
import { Reading } from "../parts/Reading";
import { Said } from "../parts/Said";
import { Sentences } from "../parts/Sentences";
import { Waiting } from "../parts/Waiting";

export default function SupplyPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Supply");
  const answer = useAsk(() => api.GET("/api/v1/supply"), []);
  if (answer.state === "refused" && answer.error.kind === "NotFound") {
    return (
      <section className="sheet">
        <h1>Supply</h1>
        <p>Export, assemble or build: not worked out yet. It takes a few minutes in the background; you may go on working.</p>
        <JobButton kind="supply" name="Work it out" busy="working it out …" />
      </section>
    );
  }
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title="Supply" />;
  return (
    <div className="grid">
      <section className="wide">
        <h1>Supply</h1>
        {data.stale && (
          <p className="notice">
            <Said>{data.stale}</Said>
          </p>
        )}
        <Sentences lines={data.sentences} due />
        <p className="soft">
          Worked out {instant(data.made_at)} for {day(data.on)}, over {howMany(data.futures, "future")}. Record{" "}
          <span className="hash">{data.record.slice(0, 10)}</span>
        </p>
        <div className="row no-print">
          <JobButton kind="supply" name="Work it out again" busy="working it out …" arguments={data.asked} />
        </div>
      </section>
      <section className="sheet half">
        <h2>Plants: odds of having committed by each gate</h2>
        <div className="scroll" tabIndex={0} role="region" aria-label="Plants">
          <table>
            <caption>Share of futures in which a plant has been committed to by each gate; capital in {launch.currency}</caption>
            <thead>
              <tr>
                <th>plant</th>
                <th>way</th>
                <th className="num">capital</th>
                {data.gates.map((gate) => (
                  <th key={gate} className="num">
                    {gate}
                  </th>
                ))}
                <th className="num">cars in the last year</th>
                <th className="num">capacity used</th>
              </tr>
            </thead>
            <tbody>
              {data.plants.map((plant) => {
                const [made, room] = [lastYear(plant.made), lastYear(plant.capacity)];
                return (
                  <tr key={plant.code}>
                    <th scope="row" className="plain">
                      {plant.name}
                    </th>
                    <td>{plant.mode}</td>
                    <td className="num">{plant.runs ? "–" : money(plant.capital, launch.currency)}</td>
                    {plant.odds_by_gate.map((share, gate) => (
                      <td key={gate} className="num">
                        {plant.runs ? "runs" : percent(share)}
                      </td>
                    ))}
                    <td className="num">{cars(made)}</td>
                    <td className="num">{room > 0.5 ? percent(made / room) : "–"}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      </section>
      <Landed data={data} currency={launch.currency} />
      {data.maps.map((map) => (
        <section className="sheet half" key={map.area}>
          <h2>Which way wins: {map.area}</h2>
          <p>
            <Said>{map.sentence}</Said>
          </p>
          <SwitchMap map={map} currency={launch.currency} />
        </section>
      ))}
      {data.effects.length > 0 && (
        <section className="sheet wide">
          <h2>What would change the answer</h2>
          <div className="scroll" tabIndex={0} role="region" aria-label="Changes">
            <table>
              <caption>Each change by itself, planned anew; worth is the difference to the plan as it is, {launch.currency}</caption>
              <thead>
                <tr>
                  <th>if …</th>
                  <th>turns the first decision?</th>
                  <th>commit now</th>
                  <th>later, with odds</th>
                  <th className="num">worth</th>
                </tr>
              </thead>
              <tbody>
                {data.effects.map((effect) => (
                  <tr key={effect.change}>
                    <th scope="row" className="plain long">
                      {effect.change}
                    </th>
                    <td>{effect.turns ? <strong>yes</strong> : "no"}</td>
                    <td>{effect.commit_now.join(", ") || "export only"}</td>
                    <td>
                      {Object.entries(effect.odds)
                        .filter(([code, share]) => share > 0.005 && !effect.commit_now.includes(code))
                        .map(([code, share]) => `${code} ${percent(share)}`)
                        .join(", ") || "–"}
                    </td>
                    <td className="num">{money(effect.gain, launch.currency)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </div>
  );
}

const lastYear = (values: number[]) => values.slice(-4).reduce((sum, value) => sum + value, 0);

function Landed({ data, currency }: { data: Schemas["SupplyOut"]; currency: string }) {
  const { query } = useRoute();
  const market = query.get("market");
  return (
    <section className="sheet half">
      <h2>Landed cost and margin, {currency} a car in the last year</h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Landed cost">
        <table>
          <caption>
            Margins with 10 and 90 % of futures, where none arrive those of the cheapest open route; open a market for every route into it
          </caption>
          <thead>
            <tr>
              <th>market</th>
              <th className="num">cars</th>
              <th>made in</th>
              <th className="num">landed</th>
              <th className="num">margin</th>
              <th className="num">10 %</th>
              <th className="num">90 %</th>
              <th className="num">over export</th>
            </tr>
          </thead>
          <tbody>
            {data.markets.map((row) => (
              <tr key={row.market}>
                <th scope="row" className="plain">
                  <button
                    className="quiet sort"
                    aria-expanded={market === row.market}
                    onClick={() => choose("market", market === row.market ? null : row.market)}
                  >
                    {row.name}
                  </button>
                </th>
                <td className="num">{cars(row.cars)}</td>
                <td>
                  {Object.entries(row.made_in)
                    .sort((a, b) => b[1] - a[1])
                    .map(([plant, share]) => `${plant} ${percent(share)}`)
                    .concat(row.kept_out > 0 && row.kept_out < 1 ? [`${percent(row.kept_out)} do not arrive`] : [])
                    .join(", ") || "none arrive"}
                </td>
                <td className="num">{number(row.landed)}</td>
                <td className="num">{number(row.margin)}</td>
                <td className="num">{number(row.margin_low)}</td>
                <td className="num">{number(row.margin_high)}</td>
                <td className="num">
                  {row.margin == null || row.margin_if_exported == null
                    ? "–"
                    : number(Math.round(row.margin - row.margin_if_exported) || 0)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {market && (
        <Routes key={market} market={market} name={data.markets.find((row) => row.market === market)?.name ?? market} currency={currency} />
      )}
    </section>
  );
}

function Routes({ market, name, currency }: { market: string; name: string; currency: string }) {
  const { query } = useRoute();
  const answer = useAsk(() => api.GET("/api/v1/supply/routes/{market}", { params: { path: { market } } }), [market]);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} />;
  if (!answer.data) return <Reading />;
  const offers = [...new Set(answer.data.routes.map((route) => route.offer))];
  const offer = offers.includes(query.get("offer") ?? "") ? query.get("offer")! : offers[0];
  const routes = answer.data.routes.filter((route) => route.offer === offer);
  return (
    <>
      <p className="row">
        <span>
          <label htmlFor="offer">offer</label>
          <select id="offer" value={offer} onChange={(event) => choose("offer", event.target.value)}>
            {offers.map((code) => (
              <option key={code}>{code}</option>
            ))}
          </select>
        </span>
      </p>
      <h3>
        Every route into {name}, {currency} a car
      </h3>
      <div className="scroll" tabIndex={0} role="region" aria-label={`Routes into ${name}`}>
        <table>
          <caption>Mean over the quarters in which the route is open; a dash: it never is</caption>
          <thead>
            <tr>
              <th>plant, mode</th>
              <th>border</th>
              <th className="num">ex works</th>
              <th className="num">freight</th>
              <th className="num">duty</th>
              <th className="num">on the way</th>
              <th className="num">landed</th>
              <th className="num">margin</th>
            </tr>
          </thead>
          <tbody>
            {routes.map((route, index) => (
              <tr key={index}>
                <th scope="row" className="plain">
                  {route.plant} {route.mode.replaceAll("_", " ")}
                </th>
                <td>{route.border}</td>
                {[route.ex_works, route.freight, route.duty, route.carrying, route.landed, route.margin].map((value, column) => (
                  <td key={column} className="num">
                    {number(value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
