import { useState } from "react";
import { api, useSend, type Schemas } from "../../api";
import { day } from "../../numbers";
import { Refusal } from "../../parts/Refusal";
import { SendTable } from "../../parts/SendTable";
import { Said } from "../../parts/Said";

const tables = [
  {
    key: "prices",
    name: "Electricity prices",
    example: "time,DE-LU,NL\n2024-01-01 00:00,68.4,65.1",
    says: "hourly, EUR/MWh on the local clock, a time column and one column a zone",
  },
  {
    key: "sessions",
    name: "Charging sessions",
    example: "user_id,plugin_time,plugout_time,energy_session\nhome 1,2024-01-01 17:40,2024-01-02 07:10,9.4",
    says: "when cars were plugged in and out, kWh; without them made-up drivers take their place",
  },
  {
    key: "chargers",
    name: "Chargers and batteries",
    example: "user_id,charging_power,battery_capacity\nhome 1,11,60",
    says: "kW and kWh of each home; without them they are guessed from the sessions",
  },
  {
    key: "loads",
    name: "Household load",
    example: "time,home 1\n2024-01-01 00:00,0.21\n2024-01-01 00:30,0.18",
    says: "kWh of each home without the car, at a fixed step; where a tariff charges for the month's peak, a made-up one takes its place",
  },
  {
    key: "solar",
    name: "What the roof gives",
    example: "time,kW\n2024-06-01 10:00,2.1\n2024-06-01 11:00,2.6",
    says: "kW of the solar roof, hourly or finer, a forecast or a record; past its end the mean of the same hours of seven days",
  },
];

export function Files({ data, may }: { data: Schemas["ChargingOut"]; may: boolean }) {
  const [said, setSaid] = useState("");
  const { send, busy, error } = useSend();
  async function drop(table: Schemas["Table"]) {
    const answer = await send(table, () => api.DELETE("/api/v1/charging/files/{table}", { params: { path: { table } } }));
    if (answer) setSaid(answer.sentence);
  }
  return (
    <section className="sheet wide">
      <h2>What it rests on</h2>
      <p role="status" className={said ? "good" : undefined}>
        {said && (
          <>
            ✓ <Said>{said}</Said>
          </>
        )}
      </p>
      {error && <Refusal error={error} />}
      <div className="monitors">
        {tables.map(({ key, name, example, says }) => (
          <section key={key}>
            <h3>{name}</h3>
            <p className="soft">{says}</p>
            {data.files[key] ? (
              <p>
                ✓ On record{key === "prices" && data.first_day ? `, ${day(data.first_day)} to ${day(data.last_day)}` : ""}.{" "}
                {may && (
                  <button className="quiet no-print" disabled={busy} onClick={() => void drop(key as Schemas["Table"])}>
                    Take away
                  </button>
                )}
              </p>
            ) : (
              <p>
                {key === "prices"
                  ? "Not sent yet."
                  : key === "chargers" && !data.files.sessions
                    ? "None; the sessions that they belong to come first."
                    : "None."}
              </p>
            )}
            {may && (key !== "chargers" || data.files.sessions) && (
              <SendTable label={data.files[key] ? "Another" : name} to={`/api/v1/charging/files/${key}`} example={example} done={setSaid} />
            )}
          </section>
        ))}
      </div>
    </section>
  );
}
