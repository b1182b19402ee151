import { useState } from "react";
import { api, useAsk, type Schemas } from "../api";
import { useTitle } from "../live";
import { cars, day, howMany, money } from "../numbers";
import { Dossier } from "../parts/Dossier";
import { Link } from "../parts/Link";
import { Reading } from "../parts/Reading";
import { Refusal } from "../parts/Refusal";
import { Reasons } from "../parts/Reasons";
import { choose, useRoute } from "../route";
import { Said } from "../parts/Said";
import { Waiting } from "../parts/Waiting";

type Cell = Schemas["CellOut"];

// Each state has a sign, so that nobody needs the colour to tell them apart.
const states: Record<Cell["state"], { sign: string; name: string; tone: string }> = {
  open: { sign: "●", name: "open now", tone: "scaled" },
  dated: { sign: "◐", name: "first legal day known", tone: "piloting" },
  limited: { sign: "◔", name: "small series only", tone: "piloting" },
  unsettled: { sign: "?", name: "not settled, so not allowed", tone: "out" },
  shut: { sign: "✕", name: "no way on record", tone: "exited" },
  "no rules": { sign: "–", name: "no rule file", tone: "out" },
};

export default function CompliancePage() {
  const { parts, query } = useRoute();
  const on = query.get("on") ?? undefined;
  if (parts[1] && parts[2]) return <OneAnswer market={parts[1]} offer={parts[2]} on={on} route={query.get("route") ?? undefined} />;
  return <Matrix on={on} />;
}

function Matrix({ on }: { on: string | undefined }) {
  useTitle("Compliance");
  const { query } = useRoute();
  const answer = useAsk(() => api.GET("/api/v1/compliance", { params: { query: { on } } }), [on]);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title="Compliance" says="reading the rules of every market …" />;
  const wanted = query.get("state");
  const cell = new Map(data.cells.map((item) => [`${item.market}|${item.offer}`, item]));
  const rows = data.permits.filter((permit) => !wanted || data.offers.some((offer) => cell.get(`${permit.market}|${offer.code}`)?.state === wanted));
  const link = (market: string, offer: string) => `/compliance/${market}/${encodeURIComponent(offer)}${on ? `?on=${on}` : ""}`;
  const counted = (state: string) => new Set(data.cells.filter((item) => item.state === state).map((item) => item.market)).size;
  return (
    <div className="grid">
      <section className="wide">
        <h1>Compliance</h1>
        <p><Said>{data.sentence}</Said> Not legal advice; grade C marks an assumption.</p>
        <div className="row no-print">
          <span><label htmlFor="on">on the day</label><input id="on" type="date" value={on ?? data.on} min="2000-01-01" max="2090-12-31" onChange={(event) => event.target.value && choose("on", event.target.value)} /></span>
        </div>
      </section>
      <section className="sheet wide">
        <h2>What may be sold where</h2>
        <div className="views no-print" role="group" aria-label="Show markets">
          <button className={wanted ? "quiet" : ""} aria-pressed={!wanted} onClick={() => choose("state", null)}>all {data.permits.length}</button>
          {Object.entries(states).filter(([key]) => counted(key) > 0).map(([key, state]) => (
            <button key={key} className={wanted === key ? "" : "quiet"} aria-pressed={wanted === key} onClick={() => choose("state", key)}>
              {state.sign} {state.name} ({counted(key)})
            </button>
          ))}
        </div>
        <div className="scroll" tabIndex={0} role="region" aria-label="Matrix of offers and markets">
          <table className="matrix">
            <caption>{Object.values(states).map((state) => `${state.sign} ${state.name}`).join(" · ")}. Open a cell for the reasons and their sources.</caption>
            <thead><tr><th>market</th>{data.offers.map((offer) => <th key={offer.code}>{offer.name}</th>)}</tr></thead>
            <tbody>
              {rows.map((permit) => (
                <tr key={permit.market}>
                  <th scope="row">{permit.name}</th>
                  {data.offers.map((offer) => {
                    const item = cell.get(`${permit.market}|${offer.code}`);
                    return <td key={offer.code}>{item && <CellLink item={item} href={link(permit.market, offer.code)} name={`${offer.name} in ${permit.name}`} />}</td>;
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
            <caption>Work starts on {day(data.on)}. A step that several markets need is paid once; its share is in equal parts. Usual costs, grade C: put in your quotes.</caption>
            <thead><tr><th>market</th><th>law of</th><th>pilot from</th><th className="num">cars a year</th><th>without cap from</th><th className="num">cost alone</th><th className="num">its share</th></tr></thead>
            <tbody>
              {data.permits.map((permit) => (
                <tr key={permit.market}>
                  <th scope="row"><Link href={`/markets/${permit.market}`}>{permit.name}</Link></th><td>{permit.jurisdiction || "–"}</td><td className="day">{day(permit.pilot_from)}</td><td className="num">{cars(permit.pilot_cap)}</td>
                  <td className="day">{day(permit.unlimited_from)}</td><td className="num">{money(permit.cost_alone, data.currency)}</td><td className="num">{money(permit.cost_shared, data.currency)}</td>
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
  const pilot = item.pilot_from && item.pilot_from !== first ? `pilot ${day(item.pilot_from)}${item.pilot_cap_left != null ? `, ${cars(item.pilot_cap_left)} cars` : ""}` : "";
  const when = first ? day(first) : item.provisional ? `else ${day(item.provisional)}` : state.name;
  return (
    <Link href={href} className={`cell stage-${state.tone}`} aria-label={`${name}: ${[when === state.name ? "" : `${state.name},`, when, pilot].filter(Boolean).join(" ")}`}>
      <i aria-hidden="true">{state.sign}</i> <span className={first || !item.provisional ? undefined : "soft"}>{when}</span>{pilot && " "}
      {pilot && <small>{pilot}</small>}
    </Link>
  );
}

function Changes({ on }: { on: string }) {
  const [open, setOpen] = useState(false);
  return (
    <section className="sheet wide">
      <h2>What changes within a year</h2>
      {open ? <ChangeTable on={on} /> : <p className="row no-print"><button className="quiet" onClick={() => setOpen(true)}>Look a year ahead</button></p>}
    </section>
  );
}

function ChangeTable({ on }: { on: string }) {
  const answer = useAsk(() => api.GET("/api/v1/compliance/changes", { params: { query: { on } } }), [on]);
  if (answer.state === "refused") return <Refusal error={answer.error} />;
  if (!answer.data) return <Reading says="reading a year of rules …" />;
  const { changes, sentence, expiries } = answer.data;
  const merged = new Map<string, { change: Schemas["ChangeOut"]; offers: Set<string>; markets: Set<string> }>();
  for (const change of changes) {
    const key = [change.day, change.code, change.before, change.after, change.act_by].join("|");
    const known = merged.get(key) ?? { change, offers: new Set(), markets: new Set() };
    known.offers.add(change.offer);
    change.markets.forEach((market) => known.markets.add(market));
    merged.set(key, known);
  }
  return (
    <>
      <p><Said>{sentence}</Said></p>
      {expiries.length > 0 && <ul>{expiries.map((line) => <li key={line}><Said>{line}</Said></li>)}</ul>}
      {changes.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Changes">
          <table>
            <thead><tr><th>from</th><th>what</th><th>becomes</th><th>act by</th><th>where</th><th>grade</th><th>source</th></tr></thead>
            <tbody>
              {[...merged.entries()].map(([key, { change, markets }]) => (
                <tr key={key}>
                  <td>{day(change.day)}</td><td>{change.title}</td><td>{change.before} → {change.after}{change.closes && <strong> (closes)</strong>}</td>
                  <td>{change.act_by ? `${day(change.act_by)}${change.late ? " (late)" : ""}` : "–"}</td><td>{[...markets].join(" ")}</td><td>{change.source.grade}</td><td>{change.source.who}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function OneAnswer({ market, offer, on, route }: { market: string; offer: string; on: string | undefined; route: string | undefined }) {
  const answer = useAsk(() => api.GET("/api/v1/compliance/{market}/{offer}", { params: { path: { market, offer }, query: { on, route } } }), [market, offer, on, route]);
  useTitle(answer.data ? `${answer.data.offer_name} in ${answer.data.market_name}` : "Compliance");
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title={`${offer} in ${market}`} />;
  const state = states[data.cell.state];
  const owing = data.findings.filter((item) => item.verdict === "missing" || item.verdict === "unknown");
  const rest = data.findings.filter((item) => !owing.includes(item));
  return (
    <div className="grid">
      <section className="wide">
        <p className="no-print"><Link href={`/compliance${on ? `?on=${on}` : ""}`}>← all offers and markets</Link></p>
        <h1>{data.offer_name} in {data.market_name}</h1>
        <p className={`stage-${state.tone}`}><span className={`stage stage-${state.tone}`}><i aria-hidden="true">{state.sign}</i> {state.name}.</span> <Said>{data.cell.sentence}</Said></p>
        <p className="soft">On {day(data.on)}, by the rules of {data.jurisdiction || "nobody known"}. Not legal advice; grade C marks an assumption.</p>
      </section>
      <section className="sheet wide no-print">
        <h2>Ways to the customer</h2>
        {data.routes.length === 0 && <p>No route is on record.</p>}
        <ul className="due">{data.routes.map((item) => <li key={item.route}><Reasons reasons={item.reasons} open /></li>)}</ul>
      </section>
      <section className="sheet wide no-print">
        <h2>Not shown yet: {owing.length} of {howMany(data.findings.length, "requirement")}</h2>
        <Findings items={owing} label="Requirements not shown yet" />
        <details><summary>The other {rest.length}</summary><Findings items={rest} label="Other requirements" /></details>
      </section>
      <section className="sheet wide no-print">
        <h2>Features</h2>
        <div className="scroll" tabIndex={0} role="region" aria-label="Features">
          <table>
            <thead><tr><th>feature</th><th>stands</th><th>from</th><th>grade</th><th>why</th></tr></thead>
            <tbody>
              {data.features.map((item) => (
                <tr key={item.feature}><td>{item.title}</td><td>{item.verdict}</td><td>{item.blocked_until ? day(item.blocked_until) : "–"}</td><td>{item.grade}</td><td><Reasons reasons={item.reasons} /></td></tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {data.dossier && (
        <section className="sheet wide">
          <div className="row no-print">
            <span><label htmlFor="route">checklist for the route</label>
              <select id="route" value={data.dossier.route} onChange={(event) => choose("route", event.target.value)}>
                {data.routes.map((item) => <option key={item.route} value={item.route}>{item.title}</option>)}
              </select></span>
            <button onClick={() => window.print()}>Print the dossier</button>
          </div>
          <Dossier made={data.dossier} heading={`Dossier: ${data.offer_name} in ${data.market_name}`} />
        </section>
      )}
    </div>
  );
}

function Findings({ items, label }: { items: Schemas["FindingOut"][]; label: string }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead><tr><th>code</th><th>requirement</th><th>stands</th><th>closes</th><th>accepted</th><th>grade</th><th>why</th></tr></thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.requirement}>
              <td>{item.requirement}</td><td>{item.title}</td><td>{item.verdict}</td><td>{item.closes}</td><td>{item.accepted.join(", ") || "–"}</td><td>{item.grade}</td><td><Reasons reasons={item.reasons} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
