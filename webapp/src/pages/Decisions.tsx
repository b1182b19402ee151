import { useState } from "react";
import { api, useAsk, useSend, type Schemas } from "../api";
import { useTitle } from "../live";
import { Score } from "../parts/Score";
import { LedgerTable } from "../parts/LedgerTable";
import { PlanButton } from "../parts/PlanButton";
import { Refusal } from "../parts/Refusal";
import { choose, useRoute } from "../route";
import { Said } from "../parts/Said";
import { Waiting } from "../parts/Waiting";

export default function DecisionsPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Decisions");
  const { query } = useRoute();
  const cursor = query.get("from") ?? undefined;
  const answer = useAsk(() => api.GET("/api/v1/decisions", { params: { query: { cursor } } }), [cursor]);
  const score = useAsk(() => api.GET("/api/v1/score"), []);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title="Decisions" />;
  const market = query.get("market");
  const due = market ? data.due.filter((item) => item.market === market) : data.due;
  return (
    <div className="grid">
      <section className="wide">
        <h1>Decisions</h1>
        <p><Said>{data.ledger_sentence}</Said></p>
      </section>
      <section className="sheet wide">
        <h2>Due now{market && due[0] ? `: ${due[0].name}` : ""}</h2>
        {market && <p><button className="quiet" onClick={() => choose("market", null)}>show all</button></p>}
        {!data.is_planned && !launch.over && <p>There is no plan on record yet; it proposes the first decisions.</p>}
        {launch.overtaken && <p className="notice">{launch.overtaken}; plan again before deciding on it.</p>}
        {(data.is_planned || launch.over) && due.length === 0 && <p>Nothing is due{market ? " in this market" : ""}.</p>}
        {launch.role === "viewer" && due.length > 0 && <p className="notice">You may look; an approver decides.</p>}
        {launch.role === "approver" && due.length > 1 && <AcceptAll count={due.length} head={data.head} />}
        <div className="dues">{due.map((item) => <Due key={item.market} item={item} head={data.head} may={launch.role === "approver"} />)}</div>
        {!launch.over && <p className="row no-print"><PlanButton has={data.is_planned} /></p>}
      </section>
      <section className="sheet wide"><h2>How past odds turned out</h2>{score.data ? <Score score={score.data} may={launch.role !== "viewer"} /> : <p>…</p>}</section>
      <section className="sheet wide">
        <h2>Ledger</h2>
        {data.rows.length ? <LedgerTable rows={data.rows} /> : <p>No decision has been taken yet.</p>}
        <div className="row no-print">
          {cursor && <button className="quiet" onClick={() => choose("from", null)}>newest</button>}
          {data.next_cursor && <button className="quiet" onClick={() => choose("from", data.next_cursor!)}>older</button>}
        </div>
      </section>
    </div>
  );
}

/** Takes every recommendation at once, or none. */
function AcceptAll({ count, head }: { count: number; head: string }) {
  const { send, busy, error } = useSend();
  const accept = () => send(head, (key) => api.POST("/api/v1/decisions/all", { params: { header: { "Idempotency-Key": key } }, body: { after: head } }));
  return (
    <div className="no-print">
      <p className="row"><button className="quiet" disabled={busy} onClick={() => void accept()}>Take all {count} as recommended</button></p>
      {error && <Refusal error={error} />}
    </div>
  );
}

function Due({ item, head, may }: { item: Schemas["DueOut"]; head: string; may: boolean }) {
  const [other, setOther] = useState("");
  const [because, setBecause] = useState("");
  const { send, busy, error } = useSend();
  const decide = (choose: string, because: string) => {
    const body = { market: item.market, choose, because, after: head };
    return send(body, (key) => api.POST("/api/v1/decisions", { params: { header: { "Idempotency-Key": key } }, body }));
  };
  const others = item.allowed.filter((action) => action !== item.recommended);
  return (
    <article className="sheet" aria-label={item.name}>
      <p><strong>{item.name}</strong>: <Said>{item.sentence}</Said></p>
      {may && (
        <div className="row no-print">
          <button disabled={busy} onClick={() => void decide(item.recommended, "")}>Accept: {item.recommended}</button>
          <form className="row" style={{ margin: 0 }} onSubmit={(event) => { event.preventDefault(); void decide(other, because); }}>
            <span><label htmlFor={`other-${item.market}`}>override with</label>
              <select id={`other-${item.market}`} value={other} onChange={(event) => setOther(event.target.value)}>
                <option value="">choose …</option>
                {others.map((action) => <option key={action}>{action}</option>)}
              </select></span>
            <span><label htmlFor={`because-${item.market}`}>because</label>
              <input id={`because-${item.market}`} value={because} onChange={(event) => setBecause(event.target.value)} size={28} /></span>
            <button className="quiet" disabled={busy || !other || !because.trim()}>Override</button>
          </form>
        </div>
      )}
      {error && <Refusal error={error} />}
    </article>
  );
}
