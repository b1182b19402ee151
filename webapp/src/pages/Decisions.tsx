import { useState } from "react";
import { api, useAsk, useSend, type Refused, type Schemas } from "../api";
import { useTitle } from "../live";
import { Score } from "../parts/Score";
import { LedgerTable } from "../parts/LedgerTable";
import { PlanButton } from "../parts/PlanButton";
import { Reading } from "../parts/Reading";
import { Refusal } from "../parts/Refusal";
import { choose, useRoute } from "../route";
import { Said } from "../parts/Said";
import { Waiting } from "../parts/Waiting";
import { useTyped } from "../typed";

export default function DecisionsPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Decisions");
  const { query } = useRoute();
  const cursor = query.get("from") ?? undefined;
  const answer = useAsk(() => api.GET("/api/v1/decisions", { params: { query: { cursor } } }), [cursor]);
  const score = useAsk(() => api.GET("/api/v1/score"), []);
  const { send, busy, error } = useSend();
  const [meant, setMeant] = useTyped<Record<string, Meant>>("decisions", {});
  const [sent, setSent] = useState("");
  const [elsewhere, setElsewhere] = useState("");
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title="Decisions" />;
  const market = query.get("market");
  const due = market ? data.due.filter((item) => item.market === market) : data.due;
  const open = [...data.due, ...data.others];
  const other = data.others.find((item) => item.market === elsewhere);
  const forget = (code: string) => setMeant((now) => Object.fromEntries(Object.entries(now).filter(([market]) => market !== code)));
  const decide = async (item: DueItem, choose: string, because: string) => {
    const body = { market: item.market, choose, because, after: data.head };
    setSent(item.market);
    const taken = await send(body, (key) => api.POST("/api/v1/decisions", { params: { header: { "Idempotency-Key": key } }, body }));
    if (taken) forget(item.market);
    setSent((now) => (taken || now !== item.market ? "" : now));
  };
  // somebody else was faster, or a new plan asks for something else: what was typed and what was refused stay to be read
  const gone = Object.entries(meant).filter(
    ([code, item]) => (item.other || item.because) && !(busy && sent === code) && !open.some((other) => other.market === code),
  );
  const card = (item: DueItem) => (
    <Due
      key={item.market}
      item={item}
      asked={data.due.includes(item)}
      meant={meant[item.market]}
      mean={(now) => setMeant((others) => ({ ...others, [item.market]: now }))}
      decide={decide}
      busy={busy}
      error={sent === item.market ? error : undefined}
      may={launch.role === "approver"}
    />
  );
  const refusedAway = error && !open.some((item) => item.market === sent);
  return (
    <div className="grid">
      <section className="wide">
        <h1>Decisions</h1>
        <p>
          <Said>{data.ledger_sentence}</Said>
        </p>
      </section>
      <section className="sheet wide">
        <h2>Due now{market && due[0] ? `: ${due[0].name}` : ""}</h2>
        {market && (
          <p>
            <button className="quiet" onClick={() => choose("market", null)}>
              show all
            </button>
          </p>
        )}
        {!data.is_planned && !launch.over && <p>There is no plan on record yet; it proposes the first decisions.</p>}
        {launch.overtaken && <p className="notice">{launch.overtaken}; plan again before deciding on it.</p>}
        {(data.is_planned || launch.over) && due.length === 0 && <p>Nothing is due{market ? " in this market" : ""}.</p>}
        {launch.role === "viewer" && due.length > 0 && <p className="notice">You may look; an approver decides.</p>}
        {launch.role === "approver" && <AcceptAll count={due.length} head={data.head} />}
        {refusedAway && <Refusal error={error} />}
        {gone.map(([code, item]) => (
          <p key={code} className="notice" role="status">
            {item.name} is due no longer; the ledger below says what was decided. You had meant: {item.other || "to override"}
            {item.because && `, because ${item.because}`}.{" "}
            <button className="quiet" onClick={() => forget(code)}>
              Understood
            </button>
          </p>
        ))}
        <div className="dues">{due.map(card)}</div>
        {!launch.over && (
          <p className="row no-print">
            <PlanButton has={data.is_planned} />
          </p>
        )}
      </section>
      {launch.role === "approver" && data.others.length > 0 && (
        <section className="sheet wide no-print">
          <h2>Decide where nothing is due</h2>
          <p className="row">
            <label htmlFor="elsewhere">market</label>
            <select id="elsewhere" value={elsewhere} onChange={(event) => setElsewhere(event.target.value)}>
              <option value="">choose …</option>
              {data.others.map((item) => (
                <option key={item.market} value={item.market}>
                  {item.name}
                </option>
              ))}
            </select>
          </p>
          {other && <div className="dues">{card(other)}</div>}
        </section>
      )}
      <section className="sheet wide">
        <h2>How past odds turned out</h2>
        {score.data ? (
          <Score score={score.data} may={launch.role !== "viewer"} />
        ) : score.state === "refused" ? (
          <Refusal error={score.error} />
        ) : (
          <Reading />
        )}
      </section>
      <section className="sheet wide" aria-busy={answer.state === "waiting" || undefined}>
        <h2>Ledger</h2>
        {data.rows.length ? <LedgerTable rows={data.rows} /> : <p>No decision has been taken yet.</p>}
        <div className="row no-print">
          {cursor && (
            <button className="quiet" onClick={() => choose("from", null)}>
              newest
            </button>
          )}
          {data.next_cursor && (
            <button className="quiet" onClick={() => choose("from", data.next_cursor!)}>
              older
            </button>
          )}
        </div>
      </section>
    </div>
  );
}

/** Takes every recommendation at once, or none. */
function AcceptAll({ count, head }: { count: number; head: string }) {
  const { send, busy, error } = useSend();
  const accept = () =>
    send(head, (key) => api.POST("/api/v1/decisions/all", { params: { header: { "Idempotency-Key": key } }, body: { after: head } }));
  return (
    <div className="no-print">
      {count > 1 && (
        <p className="row">
          <button className="quiet" disabled={busy} onClick={() => void accept()}>
            Take all {count} as recommended
          </button>
        </p>
      )}
      {error && <Refusal error={error} />}
    </div>
  );
}

type DueItem = Schemas["DueOut"];
/** What somebody chose and typed for a market and has not sent yet. */
type Meant = { name: string; other: string; because: string };

function Due({
  item,
  asked,
  meant,
  mean,
  decide,
  busy,
  error,
  may,
}: {
  item: DueItem;
  asked: boolean;
  meant: Meant | undefined;
  mean: (now: Meant) => void;
  decide: (item: DueItem, choose: string, because: string) => Promise<void>;
  busy: boolean;
  error: Refused | undefined;
  may: boolean;
}) {
  const { other, because } = meant ?? { other: "", because: "" };
  const say = (part: Partial<Meant>) => mean({ name: item.name, other, because, ...part });
  const others = item.allowed.filter((action) => action !== item.recommended);
  return (
    <article className="sheet" aria-label={item.name}>
      <p>
        <strong>{item.name}</strong>: <Said>{item.sentence}</Said>
      </p>
      {item.decided_last && (
        <p className="soft">
          <Said>{item.decided_last}</Said>
        </p>
      )}
      {may && (
        <div className="row no-print">
          {asked && (
            <button disabled={busy} onClick={() => void decide(item, item.recommended, "")}>
              Accept: {item.recommended}
            </button>
          )}
          <form
            className="row"
            style={{ margin: 0 }}
            onSubmit={(event) => {
              event.preventDefault();
              void decide(item, other, because);
            }}
          >
            <span>
              <label htmlFor={`other-${item.market}`}>override with</label>
              <select id={`other-${item.market}`} value={other} onChange={(event) => say({ other: event.target.value })}>
                <option value="">choose …</option>
                {others.map((action) => (
                  <option key={action}>{action}</option>
                ))}
              </select>
            </span>
            <span>
              <label htmlFor={`because-${item.market}`}>because</label>
              <input id={`because-${item.market}`} value={because} onChange={(event) => say({ because: event.target.value })} size={28} />
            </span>
            <button className="quiet" disabled={busy || !other || !because.trim()}>
              Override
            </button>
          </form>
        </div>
      )}
      {error && <Refusal error={error} />}
    </article>
  );
}
