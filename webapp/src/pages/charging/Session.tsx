import type { Schemas } from "../../api";
import { WhenField } from "../../parts/WhenField";
import { choose, useRoute } from "../../route";
import { Planned } from "./Planned";
import { Besides, Whole, besides } from "./Whole";

/** One car at its charger: what is asked stands in the address bar. */
export function Session({ data }: { data: Schemas["ChargingOut"] }) {
  const { query } = useRoute();
  const markets = data.markets.map((place) => place.market);
  const market = markets.includes(query.get("market") ?? "") ? query.get("market")! : markets.includes("DE") ? "DE" : markets[0]!;
  const home = data.homes.includes(query.get("home") ?? "") ? query.get("home")! : (data.homes[0] ?? "");
  const plugged = query.get("plugged") ?? (data.plugged_in ?? "").slice(0, 16);
  const [stored, leaves] = [query.get("stored") ?? "", query.get("leaves") ?? ""];
  const whole = besides.some((name) => query.get(name));
  const nowhere = query.get("sun") === "roof" && !(query.get("latitude") && query.get("longitude"));
  return (
    <section className="sheet wide">
      <h2>{whole ? "The whole home" : "One car at its charger"}</h2>
      <div className="row no-print">
        <span>
          <label htmlFor="c-market">market whose tariff is paid</label>
          <select id="c-market" value={market} onChange={(event) => choose("market", event.target.value)}>
            {data.markets.map((place) => (
              <option key={place.market} value={place.market}>
                {place.name}
              </option>
            ))}
          </select>
        </span>
        <span>
          <label htmlFor="c-home">home ({data.whose})</label>
          <select id="c-home" value={home} onChange={(event) => choose("home", event.target.value)}>
            {data.homes.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </span>
        <span>
          <label htmlFor="c-plugged">plugged in</label>
          <WhenField
            id="c-plugged"
            type="datetime-local"
            value={plugged}
            min={`${data.first_day}T00:00`}
            max={`${data.last_day}T23:00`}
            chosen={(moment) => choose("plugged", moment)}
          />
        </span>
        <span>
          <label htmlFor="c-stored">kWh in the battery; blank: 60 %</label>
          <input
            id="c-stored"
            type="number"
            min={0}
            max={200}
            step="any"
            value={stored}
            onChange={(event) => choose("stored", event.target.value)}
          />
        </span>
        <span>
          <label htmlFor="c-leaves">leaves, if the driver tells</label>
          <WhenField
            id="c-leaves"
            type="datetime-local"
            value={leaves}
            min={`${data.first_day}T00:00`}
            max="2090-12-31T23:59"
            chosen={(moment) => choose("leaves", moment)}
          />
        </span>
      </div>
      <Besides data={data} home={home} whole={whole} />
      {plugged && home && !whole && <Planned market={market} home={home} plugged={plugged} stored={stored} leaves={leaves} />}
      {plugged && home && whole && nowhere && <p className="notice">Say where the roof is, in degrees north and east.</p>}
      {plugged && home && whole && !nowhere && (
        <Whole
          asked={{
            market,
            home,
            plugged_in: plugged,
            ...(stored === "" ? {} : { stored: Number(stored) }),
            ...(leaves === "" ? {} : { leaves }),
          }}
          homes={data.homes}
        />
      )}
    </section>
  );
}
