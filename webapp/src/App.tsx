import { lazy, Suspense, useEffect, useRef, type ComponentType } from "react";
import { api, useAsk, useOutdated, type Schemas } from "./api";
import { keepFocus } from "./focus";
import { reconnect, useConnected } from "./live";
import { Caught } from "./parts/Caught";
import { JobBar } from "./parts/JobBar";
import { Link } from "./parts/Link";
import { Refusal } from "./parts/Refusal";
import { SignIn } from "./parts/SignIn";
import { Begin } from "./pages/Begin";
import { Overview } from "./pages/Overview";
import { useRoute } from "./route";
import { Waiting } from "./parts/Waiting";

const pages: Record<string, { name: string; page: ComponentType<{ launch: Schemas["LaunchOut"] }> }> = {
  "": { name: "Overview", page: Overview },
  markets: { name: "Markets", page: lazy(() => import("./pages/Market")) },
  plan: { name: "Plan", page: lazy(() => import("./pages/Plan")) },
  pilots: { name: "Pilots", page: lazy(() => import("./pages/Pilots")) },
  decisions: { name: "Decisions", page: lazy(() => import("./pages/Decisions")) },
  targets: { name: "Targets", page: lazy(() => import("./pages/Targets")) },
  programme: { name: "Programme", page: lazy(() => import("./pages/Programme")) },
  research: { name: "Research", page: lazy(() => import("./pages/Research")) },
  network: { name: "Network", page: lazy(() => import("./pages/Network")) },
  aftersales: { name: "After-sales", page: lazy(() => import("./pages/AfterSales")) },
  compliance: { name: "Compliance", page: lazy(() => import("./pages/compliance/Compliance")) },
  supply: { name: "Supply", page: lazy(() => import("./pages/Supply")) },
  charging: { name: "Charging", page: lazy(() => import("./pages/charging/Charging")) },
  report: { name: "Report", page: lazy(() => import("./pages/Report")) },
};

export function App() {
  const route = useRoute();
  const connected = useConnected();
  const main = useRef<HTMLElement>(null);
  const launch = useAsk(() => api.GET("/api/v1/launch"), [], { frame: true });
  const outdated = useOutdated();
  const here = route.parts[0] ?? "";
  useEffect(() => main.current?.focus({ preventScroll: true }), [route.path]);
  const hasMenu = launch.data !== undefined;
  useEffect(() => (main.current ? keepFocus(main.current) : undefined), [hasMenu]);
  useEffect(() => showInMenu(document.querySelector<HTMLElement>('nav [aria-current="page"]')), [route.path, hasMenu]);
  if (launch.state === "refused" && launch.error.kind === "NotSignedIn")
    return (
      <main>
        <SignIn
          done={() => {
            reconnect();
            launch.again();
          }}
        />
      </main>
    );
  if (launch.state === "refused" && launch.error.kind === "NoLaunch")
    return (
      <main>
        <Begin done={launch.again} />
      </main>
    );
  if (launch.state === "refused" && !launch.data)
    return (
      <main>
        <Refusal error={launch.error} page />
      </main>
    );
  if (!launch.data)
    return (
      <main>
        <Waiting title={pages[here]?.name ?? "Beachhead"} />
      </main>
    );
  const menu = Object.entries(pages).filter(([key]) => launch.data!.pages.includes(key === "" ? "overview" : key));
  const Page = pages[here]?.page;
  return (
    <>
      <a className="skip" href="#main">
        skip to the page
      </a>
      <header className="bar">
        <Link href="/" className="name">
          <img src="/mark.svg" alt="" width="24" height="24" /> <span title={launch.data.name}>{launch.data.name}</span>
        </Link>
        <nav aria-label="Pages">
          {menu.map(([key, { name }]) => (
            <Link key={key} href={`/${key}`} aria-current={here === key ? "page" : undefined}>
              {name}
            </Link>
          ))}
        </nav>
        {launch.data.is_signed_in && <SignOut name={launch.data.person} role={launch.data.role} />}
        {!connected && (
          <span className="soft" role="status">
            not connected; trying again. Is <code>beachhead serve</code> still running?
          </span>
        )}
      </header>
      <main id="main" ref={main} tabIndex={-1} style={{ outline: "none" }}>
        {launch.data.over && (
          <p className="notice">
            {launch.data.over[0]!.toUpperCase() + launch.data.over.slice(1)}: nothing is planned any more, and all is shown as it stood
            then. To plan on, lengthen <code>quarters</code> in launch.toml.
          </p>
        )}
        {outdated.slice(0, 1).map((error) => (
          <Refusal key={error.message} error={{ ...error, message: `What is shown below is as it stood before: ${error.message}` }} />
        ))}
        <JobBar />
        <Caught key={here}>
          <Suspense fallback={<Waiting title={pages[here]?.name ?? ""} />}>
            {launch.data.shut[here] ? (
              <Shut name={pages[here]?.name ?? here} files={launch.data.shut[here]} />
            ) : Page ? (
              <Page launch={launch.data} />
            ) : (
              <section>
                <h1>No such page</h1>
                <p>
                  There is no page at <code>{route.path}</code>. <Link href="/">Overview</Link>
                </p>
              </section>
            )}
          </Suspense>
        </Caught>
      </main>
    </>
  );
}

function SignOut({ name, role }: { name: string; role: string }) {
  const out = () => void api.DELETE("/api/v1/session").then(() => window.location.assign("/"));
  return (
    <span className="soft">
      {name}, {role}{" "}
      <button className="quiet" onClick={out}>
        Sign out
      </button>
    </span>
  );
}

/** A page whose tables the launch does not have yet: which they are, and where they are described. */
function Shut({ name, files }: { name: string; files: string[] }) {
  return (
    <section className="sheet">
      <h1>{name}</h1>
      <p>
        This page opens once the launch folder has {files.join(" and ")}. <code>docs/reference/columns.md</code> says what each column
        means, and the bundled launch xiaomi, from which another folder may be begun, has them.
      </p>
    </section>
  );
}

/** Brings a link of the menu to its middle; `scrollIntoView` would begin the next Tab at the link, past what stands before it. */
function showInMenu(link: HTMLElement | null) {
  const menu = link?.parentElement;
  if (!link || !menu) return;
  const [at, all] = [link.getBoundingClientRect(), menu.getBoundingClientRect()];
  menu.scrollLeft += at.left + at.width / 2 - (all.left + all.width / 2);
}
