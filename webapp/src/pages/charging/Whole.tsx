import { api, useAsk, type Schemas } from "../../api";
import { percent, tenth, weekdayClock } from "../../numbers";
import { JobButton } from "../../parts/JobButton";
import { Reading } from "../../parts/Reading";
import { Refusal } from "../../parts/Refusal";
import { choose, useRoute } from "../../route";
import { Sentences } from "../../parts/Sentences";
import { WhenField } from "../../parts/WhenField";
import { WholeCourse } from "../../parts/WholeCourse";

export const besides = ["second", "gives", "battery", "sun"];

/** What is at the home beside one car; with any of it all is planned together. */
export function Besides({ data, home, whole }: { data: Schemas["ChargingOut"]; home: string; whole: boolean }) {
  const { query } = useRoute();
  const told = (name: string) => query.get(name) ?? "";
  const number = (name: string, label: string, more: { min?: number; max?: number; placeholder?: string }) => (
    <span>
      <label htmlFor={`c-${name}`}>{label}</label>
      <input
        id={`c-${name}`}
        type="number"
        step="any"
        {...more}
        value={told(name)}
        onChange={(event) => choose(name, event.target.value)}
      />
    </span>
  );
  return (
    <details className="no-print" open={whole || undefined}>
      <summary>What else is at the home: second car, battery, sun, a car that gives back</summary>
      <div className="row">
        <span>
          <label htmlFor="c-second">second car</label>
          <select id="c-second" value={told("second")} onChange={(event) => choose("second", event.target.value)}>
            <option value="">none</option>
            {data.homes
              .filter((name) => name !== home)
              .map((name) => (
                <option key={name}>{name}</option>
              ))}
          </select>
        </span>
        {told("second") && (
          <span>
            <label htmlFor="c-second-plugged">its plug-in; blank: with the first</label>
            <WhenField
              id="c-second-plugged"
              type="datetime-local"
              value={told("second_plugged_in")}
              min={`${data.first_day}T00:00`}
              max={`${data.last_day}T23:00`}
              chosen={(moment) => choose("second_plugged_in", moment)}
            />
          </span>
        )}
        {told("second") && number("second_stored", "kWh in it; blank: 60 %", { min: 0, max: 1000 })}
        {told("second") && (
          <span>
            <label htmlFor="c-second-leaves">it leaves, if told</label>
            <WhenField
              id="c-second-leaves"
              type="datetime-local"
              value={told("second_leaves")}
              min={`${data.first_day}T00:00`}
              max="2090-12-31T23:59"
              chosen={(moment) => choose("second_leaves", moment)}
            />
          </span>
        )}
        {number("gives", "kW the first car gives back; blank: none", { min: 0, max: 400 })}
        {number("battery", "home battery, kWh; blank: none", { min: 0.1, max: 10000 })}
        {told("battery") && number("battery_kw", "its power, kW; blank: 5", { min: 0.1, max: 10000 })}
        {told("battery") && number("battery_stored", "kWh in it; blank: half", { min: 0, max: 10000 })}
        <span>
          <label htmlFor="c-sun">sun</label>
          <select id="c-sun" value={told("sun")} onChange={(event) => choose("sun", event.target.value)}>
            <option value="">none</option>
            <option value="roof">a roof, by clear sky and cloud</option>
            {(data.files.solar || told("sun") === "file") && <option value="file">the table that was sent</option>}
          </select>
        </span>
        {told("sun") === "roof" && number("roof", "roof, kW peak; blank: 6", { min: 0.1, max: 1000 })}
        {told("sun") === "roof" && number("latitude", "degrees north", { min: -90, max: 90, placeholder: "48.1" })}
        {told("sun") === "roof" && number("longitude", "degrees east", { min: -180, max: 180, placeholder: "11.6" })}
        {told("sun") === "roof" && number("cloud", "share of cloud, 0 to 1; blank: 0.5", { min: 0, max: 1 })}
        {(told("sun") || told("battery") || told("gives")) && number("feed_in", "ct for a kWh fed in; blank: 0", { min: -100, max: 100 })}
      </div>
    </details>
  );
}

export function Whole({
  asked,
  homes,
}: {
  asked: { market: string; home: string; plugged_in: string; stored?: number; leaves?: string };
  homes: string[];
}) {
  const { query } = useRoute();
  const named = query.get("second") ?? "";
  const second: Record<string, string> = homes.includes(named) && named !== asked.home ? { second: named } : {};
  const words = Object.fromEntries(
    ["second_plugged_in", "second_leaves", "sun"].flatMap((name) => (query.get(name) ? [[name, query.get(name)!]] : [])),
  );
  const numbers = Object.fromEntries(
    ["gives", "second_stored", "battery", "battery_kw", "battery_stored", "roof", "latitude", "longitude", "cloud", "feed_in"].flatMap(
      (name) => (query.get(name) ? [[name, Number(query.get(name))]] : []),
    ),
  );
  const all = { ...asked, ...second, ...words, ...numbers };
  const answer = useAsk(() => api.GET("/api/v1/charging/whole", { params: { query: all } }), [JSON.stringify(all)]);
  if (answer.state === "refused" && answer.error.kind === "NotLearnt") {
    return (
      <div>
        <p>
          When each car leaves, and what its next trips need, is learnt from its own past and from what other homes have in common. That
          takes about ten seconds a car, once.
        </p>
        <p className="row no-print">
          <JobButton
            kind="charging_home"
            name="Learn and plan"
            busy="learning …"
            arguments={{ home: asked.home, market: asked.market, plugged_in: asked.plugged_in, ...second }}
          />
        </p>
      </div>
    );
  }
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} />;
  if (!answer.data) return <Reading says="planning …" />;
  const plan = answer.data;
  const [battery, sun] = [plan.battery_kwh > 0, plan.hours.some((hour) => hour.sun_kwh > 0)];
  const flow = (kwh: number) => (Math.abs(kwh) > 0.05 ? tenth(kwh) : "");
  return (
    <div aria-busy={answer.state === "waiting" || undefined}>
      <Sentences lines={plan.sentences} due />
      <WholeCourse plan={plan} />
      <p className="soft">
        {plan.household === null
          ? "The household's load is not on record; send it below."
          : plan.household === "made up"
            ? "The household's load is made up; send its own below."
            : `Load of the household ${plan.household}: half of the hours like it drew less, nine in ten less than what stands behind it.`}{" "}
        What a car draws counts while it is there; below 0 it gives back.
      </p>
      <details>
        <summary>Hour by hour, kWh</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label="The whole home hour by hour">
          <table>
            <thead>
              <tr>
                <th>hour</th>
                <th className="num">ct/kWh</th>
                {sun && <th className="num">sun</th>}
                {plan.household && (
                  <>
                    <th className="num">household</th>
                    <th className="num">9 in 10</th>
                  </>
                )}
                {plan.cars.map((car) => [
                  <th key={car.home} className="num">
                    {car.home}
                  </th>,
                  <th key={`${car.home} holds`} className="num">
                    holds
                  </th>,
                  <th key={`${car.home} there`} className="num">
                    still there
                  </th>,
                ])}
                {battery && (
                  <>
                    <th className="num">battery</th>
                    <th className="num">holds</th>
                  </>
                )}
                <th className="num">grid</th>
              </tr>
            </thead>
            <tbody>
              {plan.hours.map((hour) => (
                <tr key={hour.at}>
                  <th scope="row">{weekdayClock(hour.at)}</th>
                  <td className="num">{tenth(100 * hour.eur_per_kwh)}</td>
                  {sun && <td className="num">{flow(hour.sun_kwh)}</td>}
                  {plan.household && (
                    <>
                      <td className="num">{tenth(hour.load_kw ?? 0)}</td>
                      <td className="num">{tenth(hour.load_high_kw ?? 0)}</td>
                    </>
                  )}
                  {hour.cars.map((car, index) => [
                    <td key={index} className="num">
                      {flow(car.draw_kwh - car.give_kwh)}
                    </td>,
                    <td key={`${index} holds`} className="num">
                      {tenth(car.stored_kwh)}
                    </td>,
                    <td key={`${index} there`} className="num">
                      {percent(car.there)}
                    </td>,
                  ])}
                  {battery && (
                    <>
                      <td className="num">{flow(hour.battery_in_kwh - hour.battery_out_kwh)}</td>
                      <td className="num">{tenth(hour.battery_kwh)}</td>
                    </>
                  )}
                  <td className="num">{tenth(hour.grid_kwh)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}
