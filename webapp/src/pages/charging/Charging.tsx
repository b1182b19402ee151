import { api, useAsk, type Schemas } from "../../api";
import { useTitle } from "../../live";
import { Refusal } from "../../parts/Refusal";
import { Waiting } from "../../parts/Waiting";
import { Files } from "./Files";
import { Session } from "./Session";
import { Value } from "./Value";

export default function ChargingPage({ launch }: { launch: Schemas["LaunchOut"] }) {
  useTitle("Charging");
  const answer = useAsk(() => api.GET("/api/v1/charging"), []);
  if (answer.state === "refused" && !answer.data) return <Refusal error={answer.error} page />;
  const data = answer.data;
  if (!data) return <Waiting title="Charging" />;
  const ready = data.markets.length > 0;
  return (
    <div className="grid">
      <section className="wide">
        <h1>Charging</h1>
        <p>
          When a car should charge, learnt from the home's own data, and what that is worth to a driver in each market.
          {!data.files.prices && " It needs a table of hourly electricity prices to begin with."}
        </p>
        {data.files.prices && !ready && (
          <p className="notice">The prices hold no zone of a market of this launch. Name columns by bidding zone, such as DE-LU or NL.</p>
        )}
      </section>
      {ready && <Session data={data} />}
      {ready && <Value value={data.value ?? null} may={launch.role !== "viewer"} />}
      <Files data={data} may={launch.role !== "viewer"} />
    </div>
  );
}
