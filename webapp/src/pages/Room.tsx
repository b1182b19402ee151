import { lazy, Suspense, type ReactNode } from "react";
import { api, useAsk, useStart, type Schemas } from "../api";
import { useTitle } from "../live";
import { day, inLocale, instant } from "../numbers";
import { JobButton } from "../parts/JobButton";
import { Gantt } from "../parts/Gantt";
import { RaiseTarget } from "../parts/RaiseTarget";
import { Refusal } from "../parts/Refusal";
import { RoomTable } from "../parts/RoomTable";
import { Reading } from "../parts/Reading";
import { Said } from "../parts/Said";
import { Sentences } from "../parts/Sentences";
import { useTyped } from "../typed";

const Fans = lazy(() => import("../parts/Fans").then((part) => ({ default: part.Fans })));
const QualityFunnel = lazy(() => import("../parts/QualityFunnel").then((part) => ({ default: part.QualityFunnel })));
const SiteMap = lazy(() => import("../parts/SiteMap"));

type Room = Schemas["RoomOut"]["room"];
/** Rooms that answer for quarters to come: none is left once the launch is over. */
const ahead: ReadonlySet<Room> = new Set<Room>(["worth", "rehearsal", "targets", "aftersales"]);
type Props = { launch: Schemas["LaunchOut"] };

/** A room whose answer takes a while: what it said last, and a button for a new answer, or the form `ask` in its place. So many tables as `lead` stand above the pictures, and `act` between them. */
export function RoomAnswer({
  room,
  launch,
  empty,
  ask,
  lead = 0,
  act,
  children,
}: {
  room: Room;
  launch: Schemas["LaunchOut"];
  empty: string;
  ask?: (last?: Schemas["RoomOut"]) => ReactNode;
  lead?: number;
  act?: (last?: Schemas["RoomOut"]) => ReactNode;
  children?: (data: Schemas["RoomOut"]) => ReactNode;
}) {
  const answer = useAsk(() => api.GET("/api/v1/rooms/{room}", { params: { path: { room } } }), [room]);
  const closed = launch.over !== "" && ahead.has(room);
  const button = (last?: Schemas["RoomOut"]) =>
    closed ? null : ask ? (
      ask(last)
    ) : (
      <p className="row no-print">
        <JobButton
          kind={room}
          name={last ? "Work it out again" : "Work it out"}
          busy="working it out …"
          quiet={!!last}
          arguments={last?.asked}
        />
      </p>
    );
  if (answer.state === "refused" && answer.error.kind === "NotFound")
    return (
      <>
        <section className="sheet wide">
          <p>
            {empty}
            {!closed && " It runs in the background; you may go on working."}
          </p>
          {button()}
        </section>
        {!closed && act?.()}
      </>
    );
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} />;
  const data = answer.data;
  if (!data) return <Reading />;
  const broad = data.tables.filter((table) => table.columns.length > 3);
  const last = broad.length % 2 ? broad.at(-1) : undefined;
  const shown = (tables: Schemas["TableOut"][]) =>
    tables.map((table) => (
      <section className={table.columns.length <= 3 ? "sheet" : table === last ? "sheet wide" : "sheet half"} key={table.title}>
        <h2>{inLocale(table.title)}</h2>
        <RoomTable table={table} currency={launch.currency} />
      </section>
    ));
  return (
    <>
      <section className="sheet wide">
        {data.stale && (
          <p className="notice">
            <Said>{data.stale}</Said>
          </p>
        )}
        <Sentences lines={data.sentences} due />
        <p className="soft">
          Worked out {instant(data.made_at)} for {day(data.on)}. Record <span className="hash">{data.record.slice(0, 10)}</span>
        </p>
        {button(data)}
      </section>
      {shown(data.tables.slice(0, lead))}
      {!closed && act?.(data)}
      {children?.(data)}
      {shown(data.tables.slice(lead))}
    </>
  );
}

/** What comes when: fans of the targets, and the tasks behind them. */
function inTime(data: Schemas["RoomOut"]) {
  return (
    <>
      {(data.fans?.length ?? 0) > 0 && (
        <section className="sheet wide">
          <h2>Fans: where each target's level may go</h2>
          <Suspense fallback={<p aria-busy="true" />}>
            <Fans fans={data.fans!} />
          </Suspense>
        </section>
      )}
      {(data.bars?.length ?? 0) > 0 && (
        <section className="sheet wide">
          <h2>Tasks in time, and what holds up the last</h2>
          <Gantt bars={data.bars!} />
        </section>
      )}
    </>
  );
}

export function TargetsPage({ launch }: Props) {
  useTitle("Targets");
  return (
    <div className="grid">
      <h1 className="wide">Targets</h1>
      <RoomAnswer
        room="targets"
        launch={launch}
        lead={1}
        empty="The odds of the targets have not been worked out yet."
        act={(last) => launch.role === "approver" && <RaiseTarget last={last} />}
      >
        {inTime}
      </RoomAnswer>
    </div>
  );
}

export function ProgrammePage({ launch }: Props) {
  useTitle("Programme");
  return (
    <div className="grid">
      <h1 className="wide">Programme</h1>
      <RoomAnswer
        room="programme"
        launch={launch}
        empty="Schedule and odds of the tasks have not been worked out yet."
        ask={(last) => <AskTasks last={last} today={launch.today} />}
      >
        {inTime}
      </RoomAnswer>
    </div>
  );
}

/** Tasks stand as of the latest report, or of today: then nothing that was not reported as begun has begun. */
function AskTasks({ last, today }: { last?: Schemas["RoomOut"]; today: string }) {
  const forDay = last?.asked?.on !== undefined;
  return (
    <p className="row no-print">
      <JobButton
        kind="programme"
        name={!last ? "Work it out" : forDay ? "Work it out as of the latest report" : "Work it out again"}
        busy="working it out …"
        quiet={!!last}
      />
      {last && (forDay || last.on !== today) && (
        <JobButton kind="programme" name="Work it out as of today" busy="working it out …" quiet arguments={{ on: today }} />
      )}
    </p>
  );
}

export function AfterSalesPage({ launch }: Props) {
  useTitle("After-sales");
  return (
    <div className="grid">
      <h1 className="wide">After-sales</h1>
      <RoomAnswer room="aftersales" launch={launch} empty="Bays, technicians, spare parts and quality have not been worked out yet.">
        {(data) =>
          data.funnel && (
            <section className="sheet wide">
              <h2>Quality: claims of each market against chance</h2>
              <Suspense fallback={<p aria-busy="true" />}>
                <QualityFunnel data={data.funnel} />
              </Suspense>
            </section>
          )
        }
      </RoomAnswer>
    </div>
  );
}

export function NetworkPage({ launch }: Props) {
  useTitle("Network");
  return (
    <div className="grid">
      <h1 className="wide">Network</h1>
      <RoomAnswer
        room="network"
        launch={launch}
        empty="Where the next stores and service centres go has not been worked out yet."
        ask={(last) => <AskSites last={last} />}
      >
        {(data) =>
          data.points && (
            <section className="sheet wide">
              <h2>Where the sites stand</h2>
              <Suspense fallback={<p aria-busy="true" />}>
                <SiteMap points={data.points} />
              </Suspense>
            </section>
          )
        }
      </RoomAnswer>
    </div>
  );
}

/** What the next answer is worked out with: at first what the answer shown was. The bar above the page shows how far it is. */
function AskSites({ last }: { last?: Schemas["RoomOut"] }) {
  const asked = (name: string, otherwise: string) => String(last?.asked?.[name] ?? otherwise);
  const typed = (name: string) => `sites ${last?.record ?? ""} ${name}`; // a new answer is asked again with what it was asked with
  const [minutes, setMinutes] = useTyped(typed("minutes"), asked("minutes", "45"));
  const [count, setCount] = useTyped(typed("count"), asked("count", ""));
  const [work, setWork] = useTyped(typed("work"), asked("work", "60"));
  const { start, running, error } = useStart("network");
  return (
    <div className="no-print">
      <form
        className="row"
        aria-label="What is asked"
        onSubmit={(event) => {
          event.preventDefault();
          void start({ minutes: Number(minutes), work: Number(work), ...(count ? { count: Number(count) } : {}) });
        }}
      >
        <span>
          <label htmlFor="minutes">minutes by road within which a site counts</label>
          <input
            id="minutes"
            type="number"
            min={5}
            max={240}
            required
            value={minutes}
            onChange={(event) => setMinutes(event.target.value)}
          />
        </span>
        <span>
          <label htmlFor="count">new sites in all; blank: by the plan's stages and capital</label>
          <input id="count" type="number" min={1} max={20000} value={count} onChange={(event) => setCount(event.target.value)} />
        </span>
        <span>
          <label htmlFor="work">work at most; a unit takes about a second</label>
          <input
            id="work"
            type="number"
            min={1}
            max={600}
            required
            value={work}
            aria-describedby="work-hint"
            onChange={(event) => setWork(event.target.value)}
          />
        </span>
        <button disabled={running}>{running ? "working it out …" : last ? "Work it out again with these" : "Work it out"}</button>
      </form>
      <p className="soft" id="work-hint">
        Work is counted, not timed, so a busy computer finds the same sites. The search ends sooner once no choice of sites can be better.
      </p>
      {error && <Refusal error={error} />}
    </div>
  );
}
