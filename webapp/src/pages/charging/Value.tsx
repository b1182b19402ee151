import { useState } from "react";
import { api, useSend, type Schemas } from "../../api";
import { instant, integer, money, percent } from "../../numbers";
import { JobButton } from "../../parts/JobButton";
import { Refusal } from "../../parts/Refusal";
import { Spans } from "../../parts/Spans";
import { Said } from "../../parts/Said";
import { Sentences } from "../../parts/Sentences";

export function Value({ value, may }: { value: Schemas["ChargeValueOut"] | null; may: boolean }) {
  const [said, setSaid] = useState("");
  const { send, busy, error } = useSend();
  async function count() {
    const answer = await send("count", () => api.POST("/api/v1/charging/statements"));
    if (answer) setSaid(answer.sentence);
  }
  const button = (has: boolean) =>
    may && <JobButton kind="charging" name={has ? "Work it out again" : "Work it out"} busy="working it out …" quiet={has} />;
  if (!value)
    return (
      <section className="sheet wide">
        <h2>What it is worth by market</h2>
        <p>
          Not worked out yet: a year of every home on every market's prices, under five policies. It takes some minutes in the background;
          you may go on working.
        </p>
        <p className="row no-print">{button(false)}</p>
      </section>
    );
  const eur = (amount: number) => money(amount, "EUR");
  const policies = value.markets[0]?.costs.map((cost) => cost.policy) ?? [];
  return (
    <section className="sheet wide">
      <h2>What it is worth by market, EUR a driver and year</h2>
      {value.is_stale && <p className="notice">Prices, sessions or markets have changed since this was worked out.</p>}
      <Sentences lines={value.sentences} due />
      <Spans rows={value.markets} />
      <div className="scroll" tabIndex={0} role="region" aria-label="Cost by policy">
        <table>
          <caption>What a driver pays a year at the spot price, by how the car is charged</caption>
          <thead>
            <tr>
              <th>market</th>
              <th className="num">kWh</th>
              {policies.map((policy) => (
                <th key={policy} className="num">
                  {policy}
                </th>
              ))}
              <th className="num">of what foresight saves</th>
              <th className="num">energy missing</th>
            </tr>
          </thead>
          <tbody>
            {value.markets.map((row) => (
              <tr key={row.market} title={row.tariff}>
                <th scope="row">{row.name}</th>
                <td className="num">{integer(row.kwh_a_year)}</td>
                {row.costs.map((cost) => (
                  <td key={cost.policy} className="num">
                    {eur(cost.eur)}
                  </td>
                ))}
                <td className="num">{percent(row.share_of_foresight)}</td>
                <td className="num">{percent(row.missing_share, 2)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {value.shifts.length > 0 && (
        <>
          <h3>What that does to demand</h3>
          <div className="scroll" tabIndex={0} role="region" aria-label="Shift of demand">
            <table>
              <caption>
                Saving over five years at 7 %, as a share of the price, times an elasticity of 2, for a quarter of the buyers (assumptions,
                grade C)
              </caption>
              <thead>
                <tr>
                  <th>market</th>
                  <th className="num">saved a year</th>
                  <th className="num">price of the car</th>
                  <th className="num">demand</th>
                </tr>
              </thead>
              <tbody>
                {value.shifts.map((row) => (
                  <tr key={row.market}>
                    <th scope="row">{value.markets.find((item) => item.market === row.market)?.name ?? row.market}</th>
                    <td className="num">{eur(row.saved_eur)}</td>
                    <td className="num">{eur(row.price_eur)}</td>
                    <td className="num">
                      {row.log_shift > 0 ? "+" : ""}
                      {percent(row.log_shift, 2)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {may && (
            <p className="row no-print">
              <button className="quiet" disabled={busy} onClick={() => void count()}>
                {value.is_counted ? "Count these in the plan instead" : "Count it in the next plan"}
              </button>
            </p>
          )}
          {value.is_counted && (
            <p className="soft">Statements of an earlier or of this value stand in studies.csv, with source "simulated here".</p>
          )}
        </>
      )}
      <p role="status" className="good">
        {said && (
          <>
            ✓ <Said>{said}</Said>
          </>
        )}
      </p>
      {error && <Refusal error={error} />}
      <p className="soft">
        Worked out {instant(value.made_at)}. Record <span className="hash">{value.record.slice(0, 10)}</span>
      </p>
      <p className="row no-print">{button(true)}</p>
    </section>
  );
}
