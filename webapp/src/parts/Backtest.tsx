import { useState } from "react";
import { api, useAsk, type Schemas } from "../api";
import { RoomAnswer } from "../pages/Room";
import { Reading } from "./Reading";
import { Said } from "./Said";
import { SendTable } from "./SendTable";

/** The entry model on real history: what it would have said on the day, beside what came. */
export function Backtest({ launch }: { launch: Schemas["LaunchOut"] }) {
  const panel = useAsk(() => api.GET("/api/v1/panel"), []);
  const [name, setName] = useState("oec_brand_period.csv");
  const [said, setSaid] = useState("");
  if (!panel.data) return <Reading />;
  const { files, forms } = panel.data;
  const chosen = forms.find((form) => form.name === name) ?? forms[0]!;
  const to = name.replace("NAME", "sent").replace("YEARS", "sent");
  return (
    <>
      {files.length > 0 && (
        <RoomAnswer room="backtest" launch={launch} empty="Past entries of other brands have not been forecast yet. It takes some minutes.">
          {(data) =>
            data.has_figures && (
              <p className="wide">
                <a className="button quiet" href="/api/v1/rooms/backtest/figures">
                  Open the page of figures: transforms and fans of each entry
                </a>
              </p>
            )
          }
        </RoomAnswer>
      )}
      <section className="sheet wide no-print">
        <h2>Registrations by brand</h2>
        <p>
          <Said>
            {files.length
              ? `On record: ${files.join(", ")}.`
              : "To hold the entry model against real history, send monthly registrations by brand, or bring them with the command `beachhead evidence fetch` into the folder `panel` of the launch."}
          </Said>
        </p>
        <p role="status" className="good">
          {said && (
            <>
              ✓ <Said>{said}</Said>
            </>
          )}
        </p>
        {launch.role !== "viewer" && (
          <>
            <p className="row">
              <span>
                <label htmlFor="form">kind of file</label>
                <select id="form" value={name} onChange={(event) => setName(event.target.value)}>
                  {forms.map((form) => (
                    <option key={form.name}>{form.name}</option>
                  ))}
                </select>
              </span>
            </p>
            <SendTable
              label={chosen.columns}
              to={`/api/v1/panel/files?name=${encodeURIComponent(to)}`}
              example="country,period,brand,bev_n,all_n"
              done={setSaid}
            />
          </>
        )}
      </section>
    </>
  );
}
