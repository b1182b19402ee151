import { api, useAsk, type Schemas } from "../../api";
import { useTitle } from "../../live";
import { cars, day, money } from "../../numbers";
import { Link } from "../../parts/Link";
import { Refusal } from "../../parts/Refusal";
import { choose, useRoute } from "../../route";
import { Said } from "../../parts/Said";
import { Waiting } from "../../parts/Waiting";
import { WhenField } from "../../parts/WhenField";
import { Changes } from "./Changes";
import { states } from "./states";

type Cell = Schemas["CellOut"];

export function Matrix({ on }: { on: string | undefined }) {
  useTitle("Compliance");
  const { query } = useRoute();
  const answer = useAsk(() => api.GET("/api/v1/compliance", { params: { query: { on } } }), [on]);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title="Compliance" says="reading the rules of every market …" />;
  const wanted = query.get("state");
  const cell = new Map(data.cells.map((item) => [`${item.market}|${item.offer}`, item]));
  const rows = data.permits.filter(
    (permit) => !wanted || data.offers.some((offer) => cell.get(`${permit.market}|${offer.code}`)?.state === wanted),
  );
  const link = (market: string, offer: string) => `/compliance/${market}/${encodeURIComponent(offer)}${on ? `?on=${on}` : ""}`;
  const counted = (state: string) => new Set(data.cells.filter((item) => item.state === state).map((item) => item.market)).size;
  return (
    <div className="grid" aria-busy={answer.state === "waiting" || undefined}>
      <section className="wide">
        <h1>Compliance</h1>
        <p>
          <Said>{data.sentence}</Said> Not legal advice; grade C marks an assumption.
        </p>
        <div className="row no-print">
          <span>
            <label htmlFor="on">on the day</label>
            <WhenField id="on" type="date" value={on ?? data.on} min="2000-01-01" max="2090-12-31" chosen={(day) => choose("on", day)} />
          </span>
        </div>
      </section>
      <section className="sheet wide">
        <h2>What may be sold where</h2>
        <div className="views no-print" role="group" aria-label="Show markets">
          <button className={wanted ? "quiet" : ""} aria-pressed={!wanted} onClick={() => choose("state", null)}>
            all {data.permits.length}
          </button>
          {Object.entries(states)
            .filter(([key]) => counted(key) > 0)
            .map(([key, state]) => (
              <button
                key={key}
                className={wanted === key ? "" : "quiet"}
                aria-pressed={wanted === key}
                onClick={() => choose("state", key)}
              >
                {state.sign} {state.name} ({counted(key)})
              </button>
            ))}
        </div>
        <div className="scroll" tabIndex={0} role="region" aria-label="Matrix of offers and markets">
          <table className="matrix">
            <caption>
              {Object.values(states)
                .map((state) => `${state.sign} ${state.name}`)
                .join(" · ")}
              . Open a cell for the reasons and their sources.
            </caption>
            <thead>
              <tr>
                <th>market</th>
                {data.offers.map((offer) => (
                  <th key={offer.code}>{offer.name}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((permit) => (
                <tr key={permit.market}>
                  <th scope="row">{permit.name}</th>
                  {data.offers.map((offer) => {
                    const item = cell.get(`${permit.market}|${offer.code}`);
                    return (
                      <td key={offer.code}>
                        {item && <CellLink item={item} href={link(permit.market, offer.code)} name={`${offer.name} in ${permit.name}`} />}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className="sheet wide">
        <h2>Earliest days and cost of approvals</h2>
        <div className="scroll" tabIndex={0} role="region" aria-label="Earliest days">
          <table>
            <caption>
              Work starts on {day(data.on)}. A step that several markets need is paid once; its share is in equal parts. Usual costs, grade
              C: put in your quotes.
            </caption>
            <thead>
              <tr>
                <th>market</th>
                <th>law of</th>
                <th>pilot from</th>
                <th className="num">cars a year</th>
                <th>without cap from</th>
                <th className="num">cost alone</th>
                <th className="num">its share</th>
              </tr>
            </thead>
            <tbody>
              {data.permits.map((permit) => (
                <tr key={permit.market}>
                  <th scope="row">
                    <Link href={`/markets/${permit.market}`}>{permit.name}</Link>
                  </th>
                  <td>{permit.jurisdiction || "–"}</td>
                  <td className="day">{day(permit.pilot_from)}</td>
                  <td className="num">{cars(permit.pilot_cap)}</td>
                  <td className="day">{day(permit.unlimited_from)}</td>
                  <td className="num">{money(permit.cost_alone, data.currency)}</td>
                  <td className="num">{money(permit.cost_shared, data.currency)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <Changes on={data.on} />
    </div>
  );
}

function CellLink({ item, href, name }: { item: Cell; href: string; name: string }) {
  const state = states[item.state];
  const first = item.unlimited_from ?? item.pilot_from;
  const pilot =
    item.pilot_from && item.pilot_from !== first
      ? `pilot ${day(item.pilot_from)}${item.pilot_cap_left != null ? `, ${cars(item.pilot_cap_left)} cars` : ""}`
      : "";
  const when = first ? day(first) : item.provisional ? `else ${day(item.provisional)}` : state.name;
  return (
    <Link
      href={href}
      className={`cell stage-${state.tone}`}
      aria-label={`${name}: ${[when === state.name ? "" : `${state.name},`, when, pilot].filter(Boolean).join(" ")}`}
    >
      <i aria-hidden="true">{state.sign}</i> <span className={first || !item.provisional ? undefined : "soft"}>{when}</span>
      {pilot && " "}
      {pilot && <small>{pilot}</small>}
    </Link>
  );
}
