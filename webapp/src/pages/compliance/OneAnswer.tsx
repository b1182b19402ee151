import { api, useAsk, type Schemas } from "../../api";
import { useTitle } from "../../live";
import { day, howMany } from "../../numbers";
import { Dossier } from "../../parts/Dossier";
import { Link } from "../../parts/Link";
import { Refusal } from "../../parts/Refusal";
import { Reasons } from "../../parts/Reasons";
import { choose } from "../../route";
import { Said } from "../../parts/Said";
import { Waiting } from "../../parts/Waiting";
import { states } from "./states";

export function OneAnswer({
  market,
  offer,
  on,
  route,
}: {
  market: string;
  offer: string;
  on: string | undefined;
  route: string | undefined;
}) {
  const answer = useAsk(
    () => api.GET("/api/v1/compliance/{market}/{offer}", { params: { path: { market, offer }, query: { on, route } } }),
    [market, offer, on, route],
  );
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
        <p className="no-print">
          <Link href={`/compliance${on ? `?on=${on}` : ""}`}>← all offers and markets</Link>
        </p>
        <h1>
          {data.offer_name} in {data.market_name}
        </h1>
        <p className={`stage-${state.tone}`}>
          <span className={`stage stage-${state.tone}`}>
            <i aria-hidden="true">{state.sign}</i> {state.name}.
          </span>{" "}
          <Said>{data.cell.sentence}</Said>
        </p>
        <p className="soft">
          On {day(data.on)}, by the rules of {data.jurisdiction || "nobody known"}. Not legal advice; grade C marks an assumption.
        </p>
      </section>
      <section className="sheet wide no-print">
        <h2>Ways to the customer</h2>
        {data.routes.length === 0 && <p>No route is on record.</p>}
        <ul className="due">
          {data.routes.map((item) => (
            <li key={item.route}>
              <Reasons reasons={item.reasons} open />
            </li>
          ))}
        </ul>
      </section>
      <section className="sheet wide no-print">
        <h2>
          Not shown yet: {owing.length} of {howMany(data.findings.length, "requirement")}
        </h2>
        <Findings items={owing} label="Requirements not shown yet" />
        <details>
          <summary>The other {rest.length}</summary>
          <Findings items={rest} label="Other requirements" />
        </details>
      </section>
      <section className="sheet wide no-print">
        <h2>Features</h2>
        <div className="scroll" tabIndex={0} role="region" aria-label="Features">
          <table>
            <thead>
              <tr>
                <th>feature</th>
                <th>stands</th>
                <th>from</th>
                <th>grade</th>
                <th>why</th>
              </tr>
            </thead>
            <tbody>
              {data.features.map((item) => (
                <tr key={item.feature}>
                  <th scope="row" className="plain">
                    {item.title}
                  </th>
                  <td>{item.verdict}</td>
                  <td>{item.blocked_until ? day(item.blocked_until) : "–"}</td>
                  <td>{item.grade}</td>
                  <td>
                    <Reasons reasons={item.reasons} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {data.dossier && (
        <section className="sheet wide">
          <div className="row no-print">
            <span>
              <label htmlFor="route">checklist for the route</label>
              <select id="route" value={data.dossier.route} onChange={(event) => choose("route", event.target.value)}>
                {data.routes.map((item) => (
                  <option key={item.route} value={item.route}>
                    {item.title}
                  </option>
                ))}
              </select>
            </span>
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
        <thead>
          <tr>
            <th>code</th>
            <th>requirement</th>
            <th>stands</th>
            <th>closes</th>
            <th>accepted</th>
            <th>grade</th>
            <th>why</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.requirement}>
              <th scope="row" className="plain">
                {item.requirement}
              </th>
              <td>{item.title}</td>
              <td>{item.verdict}</td>
              <td>{item.closes}</td>
              <td>{item.accepted.join(", ") || "–"}</td>
              <td>{item.grade}</td>
              <td>
                <Reasons reasons={item.reasons} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
