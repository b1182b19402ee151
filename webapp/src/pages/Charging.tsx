import { useState } from "react";
import { api, useAsk, useSend, type Schemas } from "../api";
import { useTitle } from "../live";
import { day, instant, integer, money, percent, tenth, weekdayClock } from "../numbers";
import { ChargeCourse } from "../parts/ChargeCourse";
import { JobButton } from "../parts/JobButton";
import { Reading } from "../parts/Reading";
import { Refusal } from "../parts/Refusal";
import { SendTable } from "../parts/SendTable";
import { Spans } from "../parts/Spans";
import { choose, useRoute } from "../route";
import { Said } from "../parts/Said";
import { Waiting } from "../parts/Waiting";
import { WholeCourse } from "../parts/WholeCourse";

type Charging = Schemas["ChargingOut"];
const tables = [
  { key: "prices", name: "Electricity prices", example: "time,DE-LU,NL\n2024-01-01 00:00,68.4,65.1", says: "hourly, EUR/MWh on the local clock, a time column and one column a zone" },
  { key: "sessions", name: "Charging sessions", example: "user_id,plugin_time,plugout_time,energy_session\nhome 1,2024-01-01 17:40,2024-01-02 07:10,9.4", says: "when cars were plugged in and out, kWh; without them made-up drivers take their place" },
  { key: "chargers", name: "Chargers and batteries", example: "user_id,charging_power,battery_capacity\nhome 1,11,60", says: "kW and kWh of each home; without them they are guessed from the sessions" },
  { key: "loads", name: "Household load", example: "time,home 1\n2024-01-01 00:00,0.21\n2024-01-01 00:30,0.18", says: "kWh of each home without the car, at a fixed step; where a tariff charges for the month's peak, a made-up one takes its place" },
  { key: "solar", name: "What the roof gives", example: "time,kW\n2024-06-01 10:00,2.1\n2024-06-01 11:00,2.6", says: "kW of the solar roof, hourly or finer, a forecast or a record; past its end the mean of the same hours of seven days" },
];

export default function ChargingPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Charging");
  const answer = useAsk(() => api.GET("/api/v1/charging"), []);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title="Charging" />;
  const ready = data.markets.length > 0;
  return (
    <div className="grid">
      <section className="wide">
        <h1>Charging</h1>
        <p>When a car should charge, learnt from the home's own data, and what that is worth to a driver in each market.{!data.files.prices && " It needs a table of hourly electricity prices to begin with."}</p>
        {data.files.prices && !ready && <p className="notice">The prices hold no zone of a market of this launch. Name columns by bidding zone, such as DE-LU or NL.</p>}
      </section>
      {ready && <Session data={data} />}
      {ready && <Value value={data.value ?? null} may={launch.role !== "viewer"} />}
      <Files data={data} may={launch.role !== "viewer"} />
    </div>
  );
}

function Files({ data, may }: { data: Charging; may: boolean }) {
  const [said, setSaid] = useState("");
  const { send, busy, error } = useSend();
  async function drop(table: Schemas["Table"]) {
    const answer = await send(table, () => api.DELETE("/api/v1/charging/files/{table}", { params: { path: { table } } }));
    if (answer) setSaid(answer.sentence);
  }
  return (
    <section className="sheet wide">
      <h2>What it rests on</h2>
      <p role="status" className={said ? "good" : undefined}>{said && <>✓ <Said>{said}</Said></>}</p>
      {error && <Refusal error={error} />}
      <div className="monitors">
        {tables.map(({ key, name, example, says }) => (
          <section key={key}>
            <h3>{name}</h3>
            <p className="soft">{says}</p>
            {data.files[key]
              ? <p>✓ On record{key === "prices" && data.first_day ? `, ${day(data.first_day)} to ${day(data.last_day)}` : ""}. {may && <button className="quiet no-print" disabled={busy} onClick={() => void drop(key as Schemas["Table"])}>Take away</button>}</p>
              : <p>{key === "prices" ? "Not sent yet." : key === "chargers" && !data.files.sessions ? "None; the sessions that they belong to come first." : "None."}</p>}
            {may && (key !== "chargers" || data.files.sessions) && <SendTable label={data.files[key] ? "Another" : name} to={`/api/v1/charging/files/${key}`} example={example} done={setSaid} />}
          </section>
        ))}
      </div>
    </section>
  );
}

/** One car at its charger: what is asked stands in the address bar. */
function Session({ data }: { data: Charging }) {
  const { query } = useRoute();
  const markets = data.markets.map((place) => place.market);
  const market = markets.includes(query.get("market") ?? "") ? query.get("market")! : markets.includes("DE") ? "DE" : markets[0]!;
  const home = data.homes.includes(query.get("home") ?? "") ? query.get("home")! : data.homes[0] ?? "";
  const plugged = query.get("plugged") ?? (data.plugged_in ?? "").slice(0, 16);
  const [stored, leaves] = [query.get("stored") ?? "", query.get("leaves") ?? ""];
  const whole = besides.some((name) => query.get(name));
  const nowhere = query.get("sun") === "roof" && !(query.get("latitude") && query.get("longitude"));
  return (
    <section className="sheet wide">
      <h2>{whole ? "The whole home" : "One car at its charger"}</h2>
      <div className="row no-print">
        <span><label htmlFor="c-market">market whose tariff is paid</label><select id="c-market" value={market} onChange={(event) => choose("market", event.target.value)}>{data.markets.map((place) => <option key={place.market} value={place.market}>{place.name}</option>)}</select></span>
        <span><label htmlFor="c-home">home ({data.whose})</label><select id="c-home" value={home} onChange={(event) => choose("home", event.target.value)}>{data.homes.map((name) => <option key={name}>{name}</option>)}</select></span>
        <span><label htmlFor="c-plugged">plugged in</label><input id="c-plugged" type="datetime-local" value={plugged} min={`${data.first_day}T00:00`} max={`${data.last_day}T23:00`} onChange={(event) => choose("plugged", event.target.value)} /></span>
        <span><label htmlFor="c-stored">kWh in the battery; blank: 60 %</label><input id="c-stored" type="number" min={0} max={200} step="any" value={stored} onChange={(event) => choose("stored", event.target.value)} /></span>
        <span><label htmlFor="c-leaves">leaves, if the driver tells</label><input id="c-leaves" type="datetime-local" value={leaves} onChange={(event) => choose("leaves", event.target.value)} /></span>
      </div>
      <Besides data={data} home={home} whole={whole} />
      {plugged && home && !whole && <Planned market={market} home={home} plugged={plugged} stored={stored} leaves={leaves} />}
      {plugged && home && whole && nowhere && <p className="notice">Say where the roof is, in degrees north and east.</p>}
      {plugged && home && whole && !nowhere && <Whole asked={{ market, home, plugged_in: plugged, ...(stored === "" ? {} : { stored: Number(stored) }), ...(leaves === "" ? {} : { leaves }) }} homes={data.homes} />}
    </section>
  );
}

const besides = ["second", "gives", "battery", "sun"];

/** What is at the home beside one car; with any of it all is planned together. */
function Besides({ data, home, whole }: { data: Charging; home: string; whole: boolean }) {
  const { query } = useRoute();
  const told = (name: string) => query.get(name) ?? "";
  const number = (name: string, label: string, more: { min?: number; max?: number; placeholder?: string }) => (
    <span><label htmlFor={`c-${name}`}>{label}</label><input id={`c-${name}`} type="number" step="any" {...more} value={told(name)} onChange={(event) => choose(name, event.target.value)} /></span>
  );
  return (
    <details className="no-print" open={whole || undefined}>
      <summary>What else is at the home: second car, battery, sun, a car that gives back</summary>
      <div className="row">
        <span><label htmlFor="c-second">second car</label><select id="c-second" value={told("second")} onChange={(event) => choose("second", event.target.value)}><option value="">none</option>{data.homes.filter((name) => name !== home).map((name) => <option key={name}>{name}</option>)}</select></span>
        {told("second") && <span><label htmlFor="c-second-plugged">its plug-in; blank: with the first</label><input id="c-second-plugged" type="datetime-local" value={told("second_plugged_in")} onChange={(event) => choose("second_plugged_in", event.target.value)} /></span>}
        {told("second") && number("second_stored", "kWh in it; blank: 60 %", { min: 0, max: 1000 })}
        {told("second") && <span><label htmlFor="c-second-leaves">it leaves, if told</label><input id="c-second-leaves" type="datetime-local" value={told("second_leaves")} onChange={(event) => choose("second_leaves", event.target.value)} /></span>}
        {number("gives", "kW the first car gives back; blank: none", { min: 0, max: 400 })}
        {number("battery", "home battery, kWh; blank: none", { min: 0.1, max: 10000 })}
        {told("battery") && number("battery_kw", "its power, kW; blank: 5", { min: 0.1, max: 10000 })}
        {told("battery") && number("battery_stored", "kWh in it; blank: half", { min: 0, max: 10000 })}
        <span><label htmlFor="c-sun">sun</label><select id="c-sun" value={told("sun")} onChange={(event) => choose("sun", event.target.value)}><option value="">none</option><option value="roof">a roof, by clear sky and cloud</option>{(data.files.solar || told("sun") === "file") && <option value="file">the table that was sent</option>}</select></span>
        {told("sun") === "roof" && number("roof", "roof, kW peak; blank: 6", { min: 0.1, max: 1000 })}
        {told("sun") === "roof" && number("latitude", "degrees north", { min: -90, max: 90, placeholder: "48.1" })}
        {told("sun") === "roof" && number("longitude", "degrees east", { min: -180, max: 180, placeholder: "11.6" })}
        {told("sun") === "roof" && number("cloud", "share of cloud, 0 to 1; blank: 0.5", { min: 0, max: 1 })}
        {(told("sun") || told("battery") || told("gives")) && number("feed_in", "ct for a kWh fed in; blank: 0", { min: -100, max: 100 })}
      </div>
    </details>
  );
}

function Whole({ asked, homes }: { asked: { market: string; home: string; plugged_in: string; stored?: number; leaves?: string }; homes: string[] }) {
  const { query } = useRoute();
  const named = query.get("second") ?? "";
  const second: Record<string, string> = homes.includes(named) && named !== asked.home ? { second: named } : {};
  const words = Object.fromEntries(["second_plugged_in", "second_leaves", "sun"].flatMap((name) => (query.get(name) ? [[name, query.get(name)!]] : [])));
  const numbers = Object.fromEntries(["gives", "second_stored", "battery", "battery_kw", "battery_stored", "roof", "latitude", "longitude", "cloud", "feed_in"].flatMap((name) => (query.get(name) ? [[name, Number(query.get(name))]] : [])));
  const all = { ...asked, ...second, ...words, ...numbers };
  const answer = useAsk(() => api.GET("/api/v1/charging/whole", { params: { query: all } }), [JSON.stringify(all)]);
  if (answer.state === "refused" && answer.error.kind === "NotLearnt") {
    return (
      <div>
        <p>When each car leaves, and what its next trips need, is learnt from its own past and from what other homes have in common. That takes about ten seconds a car, once.</p>
        <p className="row no-print"><JobButton kind="charging_home" name="Learn and plan" busy="learning …" arguments={{ home: asked.home, market: asked.market, plugged_in: asked.plugged_in, ...second }} /></p>
      </div>
    );
  }
  if (answer.state === "refused") return <Refusal error={answer.error} />;
  if (!answer.data) return <Reading says="planning …" />;
  const plan = answer.data;
  const [battery, sun] = [plan.battery_kwh > 0, plan.hours.some((hour) => hour.sun_kwh > 0)];
  const flow = (kwh: number) => (Math.abs(kwh) > 0.05 ? tenth(kwh) : "");
  return (
    <>
      <ul className="due">{plan.sentences.map((line) => <li key={line}><Said>{line}</Said></li>)}</ul>
      <WholeCourse plan={plan} />
      <p className="soft">{plan.household === null ? "The household's load is not on record; send it below." : plan.household === "made up" ? "The household's load is made up; send its own below." : `Load of the household ${plan.household}: half of the hours like it drew less, nine in ten less than what stands behind it.`} What a car draws counts while it is there; below 0 it gives back.</p>
      <details>
        <summary>Hour by hour, kWh</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label="The whole home hour by hour">
          <table>
            <thead><tr><th>hour</th><th className="num">ct/kWh</th>{sun && <th className="num">sun</th>}{plan.household && <><th className="num">household</th><th className="num">9 in 10</th></>}{plan.cars.map((car) => [<th key={car.home} className="num">{car.home}</th>, <th key={`${car.home} holds`} className="num">holds</th>, <th key={`${car.home} there`} className="num">still there</th>])}{battery && <><th className="num">battery</th><th className="num">holds</th></>}<th className="num">grid</th></tr></thead>
            <tbody>
              {plan.hours.map((hour) => (
                <tr key={hour.at}>
                  <th scope="row">{weekdayClock(hour.at)}</th><td className="num">{tenth(100 * hour.eur_per_kwh)}</td>{sun && <td className="num">{flow(hour.sun_kwh)}</td>}
                  {plan.household && <><td className="num">{tenth(hour.load_kw ?? 0)}</td><td className="num">{tenth(hour.load_high_kw ?? 0)}</td></>}
                  {hour.cars.map((car, index) => [<td key={index} className="num">{flow(car.draw_kwh - car.give_kwh)}</td>, <td key={`${index} holds`} className="num">{tenth(car.stored_kwh)}</td>, <td key={`${index} there`} className="num">{percent(car.there)}</td>])}
                  {battery && <><td className="num">{flow(hour.battery_in_kwh - hour.battery_out_kwh)}</td><td className="num">{tenth(hour.battery_kwh)}</td></>}
                  <td className="num">{tenth(hour.grid_kwh)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

function Planned({ market, home, plugged, stored, leaves }: { market: string; home: string; plugged: string; stored: string; leaves: string }) {
  const asked = { market, home, plugged_in: plugged, ...(stored === "" ? {} : { stored: Number(stored) }), ...(leaves === "" ? {} : { leaves }) };
  const answer = useAsk(() => api.GET("/api/v1/charging/plan", { params: { query: asked } }), [market, home, plugged, stored, leaves]);
  if (answer.state === "refused" && answer.error.kind === "NotLearnt") {
    return (
      <div>
        <p>When this home's car leaves, and what its next trips need, is learnt from its own past and from what other homes have in common. That takes about ten seconds, once.</p>
        <p className="row no-print"><JobButton kind="charging_home" name="Learn and plan" busy="learning …" arguments={{ home, market, plugged_in: plugged }} /></p>
      </div>
    );
  }
  if (answer.state === "refused") return <Refusal error={answer.error} />;
  if (!answer.data) return <Reading says="planning …" />;
  const plan = answer.data;
  const told = Math.min(plan.decisions.length, plan.decisions.reduce((last, item, index) => (item.charges ? index : last), 5) + 3);
  return (
    <>
      <ul className="due">{plan.sentences.map((line) => <li key={line}><Said>{line}</Said></li>)}</ul>
      <ChargeCourse plan={plan} />
      <p className="soft">{plan.household === null ? "The household's load is not on record; send it below to see it beside the car." : plan.household === "made up" ? "The household's load is made up; send its own below." : `Load of the household ${plan.household}: the mean of the same hours of six past weeks.`}{plan.cap_kw != null && ` Household and car are kept under ${tenth(plan.cap_kw)} kW for the rest of the month, whose highest hour costs.`}</p>
      <h3>Every decision, and what the other way would have cost</h3>
      <Decisions rows={plan.decisions.slice(0, told)} label="Decisions of the session" />
      {told < plan.decisions.length && <details><summary>{plan.decisions.length - told} further hours in which it waits</summary><Decisions rows={plan.decisions.slice(told)} label="Further hours" /></details>}
    </>
  );
}

function Decisions({ rows, label }: { rows: Schemas["ChargeDecisionOut"][]; label: string }) {
  return (
      <div className="scroll" tabIndex={0} role="region" aria-label={label}>
        <table>
          <caption>Planned anew each hour with what is known then, as long as the car stays</caption>
          <thead><tr><th>hour</th><th className="num">ct/kWh</th><th>decision</th><th className="num">the other costs more, ct</th><th className="num">holds, kWh</th><th className="num">still there</th><th>why</th></tr></thead>
          <tbody>
            {rows.map((item) => (
              <tr key={item.at}>
                <th scope="row">{weekdayClock(item.at)}</th><td className="num">{tenth(100 * item.eur_per_kwh)}</td><td className="stage">{item.charges ? "▲ charges" : "– waits"}</td>
                <td className="num">{tenth(100 * item.other_costs_eur)}</td><td className="num">{tenth(item.stored_kwh)}</td><td className="num">{percent(item.there)}</td><td className="why"><Said>{item.sentence}</Said></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
  );
}

function Value({ value, may }: { value: Schemas["ChargeValueOut"] | null; may: boolean }) {
  const [said, setSaid] = useState("");
  const { send, busy, error } = useSend();
  async function count() {
    const answer = await send("count", () => api.POST("/api/v1/charging/statements"));
    if (answer) setSaid(answer.sentence);
  }
  const button = (has: boolean) => may && <JobButton kind="charging" name={has ? "Work it out again" : "Work it out"} busy="working it out …" quiet={has} />;
  if (!value) return <section className="sheet wide"><h2>What it is worth by market</h2><p>Not worked out yet: a year of every home on every market's prices, under five policies. It takes some minutes in the background; you may go on working.</p><p className="row no-print">{button(false)}</p></section>;
  const eur = (amount: number) => money(amount, "EUR");
  const policies = value.markets[0]?.costs.map((cost) => cost.policy) ?? [];
  return (
    <section className="sheet wide">
      <h2>What it is worth by market, EUR a driver and year</h2>
      {value.is_stale && <p className="notice">Prices, sessions or markets have changed since this was worked out.</p>}
      <ul className="due">{value.sentences.map((line) => <li key={line}><Said>{line}</Said></li>)}</ul>
      <Spans rows={value.markets} />
      <div className="scroll" tabIndex={0} role="region" aria-label="Cost by policy">
        <table>
          <caption>What a driver pays a year at the spot price, by how the car is charged</caption>
          <thead><tr><th>market</th><th className="num">kWh</th>{policies.map((policy) => <th key={policy} className="num">{policy}</th>)}<th className="num">of what foresight saves</th><th className="num">energy missing</th></tr></thead>
          <tbody>
            {value.markets.map((row) => (
              <tr key={row.market} title={row.tariff}>
                <th scope="row">{row.name}</th><td className="num">{integer(row.kwh_a_year)}</td>{row.costs.map((cost) => <td key={cost.policy} className="num">{eur(cost.eur)}</td>)}
                <td className="num">{percent(row.share_of_foresight)}</td><td className="num">{percent(row.missing_share, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {value.shifts.length > 0 && (
        <>
          <h3>What that does to demand</h3>
          <div className="scroll" tabIndex={0} role="region" aria-label="Shift of demand">
            <table>
              <caption>Saving over five years at 7 %, as a share of the price, times an elasticity of 2, for a quarter of the buyers (assumptions, grade C)</caption>
              <thead><tr><th>market</th><th className="num">saved a year</th><th className="num">price of the car</th><th className="num">demand</th></tr></thead>
              <tbody>{value.shifts.map((row) => <tr key={row.market}><th scope="row">{value.markets.find((item) => item.market === row.market)?.name ?? row.market}</th><td className="num">{eur(row.saved_eur)}</td><td className="num">{eur(row.price_eur)}</td><td className="num">{row.log_shift > 0 ? "+" : ""}{percent(row.log_shift, 2)}</td></tr>)}</tbody>
            </table>
          </div>
          {may && <p className="row no-print"><button className="quiet" disabled={busy} onClick={() => void count()}>{value.is_counted ? "Count these in the plan instead" : "Count it in the next plan"}</button></p>}
          {value.is_counted && <p className="soft">Statements of an earlier or of this value stand in studies.csv, with source "simulated here".</p>}
        </>
      )}
      <p role="status" className="good">{said && <>✓ <Said>{said}</Said></>}</p>
      {error && <Refusal error={error} />}
      <p className="soft">Worked out {instant(value.made_at)}. Record <span className="hash">{value.record.slice(0, 10)}</span></p>
      <p className="row no-print">{button(true)}</p>
    </section>
  );
}
