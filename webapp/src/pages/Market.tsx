import { useCallback } from "react";
import { api, useAsk, type Schemas } from "../api";
import { useTitle } from "../live";
import { cars, number, percent } from "../numbers";
import { axis, Chart, scale, type Option } from "../parts/Chart";
import { Designs } from "../parts/Designs";
import { Funnel } from "../parts/Funnel";
import { LedgerTable } from "../parts/LedgerTable";
import { Link } from "../parts/Link";
import { MarketTable, planBefore } from "../parts/MarketTable";
import { ObservationTable } from "../parts/ObservationTable";
import { PriceResponse } from "../parts/PriceResponse";
import { Refusal } from "../parts/Refusal";
import { Stage } from "../parts/Stage";
import { useRoute } from "../route";
import { Reading } from "../parts/Reading";
import { Said } from "../parts/Said";
import { Sentences } from "../parts/Sentences";
import { Waiting } from "../parts/Waiting";

export default function MarketPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  const code = useRoute().parts[1];
  return code ? <OneMarket key={code} code={code} launch={launch} /> : <AllMarkets launch={launch} />;
}

function AllMarkets({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Markets");
  const answer = useAsk(() => api.GET("/api/v1/markets"), []);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  return (
    <section className="sheet">
      <h1>Markets</h1>
      {answer.data ? <MarketTable markets={answer.data.markets} launch={launch} /> : <Reading />}
    </section>
  );
}

function OneMarket({ code, launch }: { code: string; launch: Schemas["LaunchOut"] }) {
  const answer = useAsk(() => api.GET("/api/v1/markets/{code}", { params: { path: { code } } }), [code]);
  useTitle(answer.data?.row.name ?? code);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  if (!answer.data) return <Waiting title={code} />;
  const { row, facts, observations, decisions, gate } = answer.data;
  const before = planBefore(launch);
  return (
    <div className="grid">
      <section className="wide">
        <h1>
          {row.name} <Stage stage={row.stage} />
        </h1>
        <p className="says">
          {before && `by ${before}: `}
          <Said>{launch.planned_for && row.stage !== "home" ? `${row.action}; ${row.says}` : row.says}</Said>
          {!launch.planned_for && !launch.over && row.stage !== "home" && (
            <>
              : make one under <Link href="/plan">Plan</Link>
            </>
          )}
        </p>
        {launch.overtaken && <p className="notice">{launch.overtaken}; what it says of the market is as it was then.</p>}
      </section>
      <section className="sheet">
        <h2>Demand at full scale, cars a quarter</h2>
        <Fan data={answer.data} name={row.name} />
        <p className="soft">The level over the years; what a single quarter sells scatters about it.</p>
      </section>
      <section className="sheet">
        <h2>Belief before and now, cars a year from {launch.year}</h2>
        <Density data={answer.data} name={row.name} />
      </section>
      <section className="sheet third">
        <h2>In figures</h2>
        <dl className="figures">
          <div>
            <dt>demand at full scale</dt>
            <dd>
              {cars(row.demand_median)}
              <small>
                cars a year from {launch.year}; 90 %: {cars(row.demand_low)} to {cars(row.demand_high)}
              </small>
            </dd>
          </div>
          <div>
            <dt>break-even</dt>
            <dd>
              {cars(row.break_even)}
              <small>cars of that year, through the best channel{before && `, as ${before} has it`}</small>
            </dd>
          </div>
          <div>
            <dt>odds that demand beats it</dt>
            <dd>{percent(row.odds_good)}</dd>
          </div>
          <div>
            <dt>BEV registrations</dt>
            <dd>
              {cars(row.bev_per_year)}
              <small>cars a year, all makers</small>
            </dd>
          </div>
        </dl>
        {gate.length > 0 && (
          <>
            <h2 style={{ marginTop: "1rem" }}>Gate registered with the plan</h2>
            <Sentences lines={gate} />
          </>
        )}
      </section>
      {row.stage !== "home" && row.stage !== "exited" && !launch.over && (
        <>
          {row.stage !== "scaled" && (
            <section className="sheet wide">
              <h2>What one more batch would tell, and what not</h2>
              <Designs market={code} currency={launch.currency} />
            </section>
          )}
          <section className="sheet wide">
            <h2>Price, trims and mix</h2>
            <PriceResponse market={code} currency={launch.currency} />
          </section>
        </>
      )}
      {observations.length > 0 && (
        <section className="sheet wide">
          <h2>Funnel by period</h2>
          <Funnel rows={observations} name={row.name} />
        </section>
      )}
      <section className="sheet wide">
        <h2>What was observed</h2>
        {observations.length ? (
          <ObservationTable rows={observations} caption={`Rows sent for ${row.name}; a dash is not observed, never zero`} />
        ) : (
          <p>
            Nothing yet. <Link href="/pilots">Send a file</Link>
          </p>
        )}
      </section>
      <section className="sheet wide">
        <h2>Facts</h2>
        <div className="scroll" tabIndex={0} role="region" aria-label="Facts">
          <table>
            <caption>Grade A was read at its source, B is general knowledge, C is an assumption</caption>
            <thead>
              <tr>
                <th>fact</th>
                <th className="num">value</th>
                <th>grade</th>
                <th className="num">age, days</th>
                <th>source</th>
              </tr>
            </thead>
            <tbody>
              {facts.map((fact) => (
                <tr key={fact.name}>
                  <th scope="row" className="plain">
                    {fact.name.replaceAll("_", " ")}
                  </th>
                  <td className="num">{number(fact.value)}</td>
                  <td>{fact.source.grade}</td>
                  <td className="num">{fact.source.age_days}</td>
                  <td className="why">{fact.source.who}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className="sheet wide">
        <h2>Decisions</h2>
        {decisions.length ? <LedgerTable rows={decisions} /> : <p>None yet in {launch.name}.</p>}
      </section>
    </div>
  );
}

function Fan({ data, name }: { data: Schemas["MarketOut"]; name: string }) {
  const option = useCallback(
    (color: (name: string) => string): Option => {
      const { fan, prior_fan } = data;
      const band = (id: string, low: number[], high: number[], opacity: number) => [
        { type: "line" as const, stack: id, data: low, lineStyle: { opacity: 0 }, symbol: "none", silent: true },
        {
          type: "line" as const,
          name: id,
          stack: id,
          data: high.map((value, index) => value - low[index]!),
          lineStyle: { opacity: 0 },
          symbol: "none",
          areaStyle: { color: color("--accent"), opacity },
          itemStyle: { color: color("--accent"), opacity: opacity + 0.2 },
        },
      ];
      return {
        grid: { left: 8, right: 12, top: 36, bottom: 8, containLabel: true },
        legend: {
          top: 0,
          type: "scroll",
          pageTextStyle: { color: color("--ink") },
          pageIconColor: color("--accent"),
          data: ["90 %", "50 %", "median now", "median before"],
          textStyle: { color: color("--ink") },
        },
        tooltip: { trigger: "axis", formatter: (items: unknown) => tip(data, items) },
        xAxis: { type: "category", data: fan.quarters, ...axis(color) },
        yAxis: { type: "value", ...scale(color, cars) },
        series: [
          ...band("90 %", fan.low90, fan.high90, 0.18),
          ...band("50 %", fan.low50, fan.high50, 0.32),
          {
            type: "line",
            name: "median now",
            data: fan.median,
            symbol: "none",
            lineStyle: { color: color("--accent"), width: 2.5 },
            itemStyle: { color: color("--accent") },
          },
          {
            type: "line",
            name: "median before",
            data: prior_fan.median,
            symbol: "none",
            lineStyle: { color: color("--soft"), type: "dashed", width: 1.5 },
            itemStyle: { color: color("--soft") },
          },
        ],
      };
    },
    [data],
  );
  const last = data.fan.quarters.length - 1;
  return (
    <Chart
      option={option}
      says={`${name}: median demand from ${cars(data.fan.median[0])} to ${cars(data.fan.median[last])} cars a quarter; 90 % band in the last quarter ${cars(data.fan.low90[last])} to ${cars(data.fan.high90[last])}`}
    />
  );
}

function tip(data: Schemas["MarketOut"], items: unknown): string {
  const index = (items as { dataIndex: number }[])[0]?.dataIndex ?? 0;
  const { fan } = data;
  return `${fan.quarters[index]}: median ${cars(fan.median[index])} cars<br>50 %: ${cars(fan.low50[index])}–${cars(fan.high50[index])}<br>90 %: ${cars(fan.low90[index])}–${cars(fan.high90[index])}`;
}

function Density({ data, name }: { data: Schemas["MarketOut"]; name: string }) {
  const option = useCallback(
    (color: (name: string) => string): Option => {
      const { density, row } = data;
      const line = (values: number[]) => density.cars_per_year.map((x, index) => [x, values[index]!]);
      const ends = [density.cars_per_year[0]!, density.cars_per_year.at(-1)!];
      const shown = row.break_even ? [...ends, row.break_even / 1.2, row.break_even * 1.2] : ends; // far from all belief too
      return {
        grid: { left: 8, right: 24, top: 36, bottom: 8, containLabel: true },
        legend: { top: 0, data: ["before", "now"], textStyle: { color: color("--ink") } },
        xAxis: {
          type: "log",
          min: Math.min(...shown),
          max: Math.max(...shown),
          ...scale(color, (count) => (count < 1 ? number(count) : cars(count))),
          splitLine: { show: false },
        },
        yAxis: { type: "value", show: false },
        series: [
          {
            type: "line",
            name: "before",
            data: line(density.prior),
            symbol: "none",
            lineStyle: { color: color("--soft"), type: "dashed" },
            itemStyle: { color: color("--soft") },
          },
          {
            type: "line",
            name: "now",
            data: line(density.now),
            symbol: "none",
            areaStyle: { color: color("--accent"), opacity: 0.2 },
            lineStyle: { color: color("--accent"), width: 2.5 },
            itemStyle: { color: color("--accent") },
            markLine: row.break_even
              ? {
                  symbol: "none",
                  silent: true,
                  data: [{ xAxis: row.break_even }],
                  lineStyle: { color: color("--bad"), width: 2 },
                  label: { formatter: "break-even", color: color("--bad") },
                }
              : undefined,
          },
        ],
      };
    },
    [data],
  );
  return (
    <Chart
      option={option}
      says={`${name}: belief about yearly demand${data.row.odds_good == null ? ", no break-even yet" : `; ${percent(data.row.odds_good)} of it lies above break-even`}`}
    />
  );
}
