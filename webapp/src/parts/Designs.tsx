import { api, useAsk } from "../api";
import { cars, money, number, percent } from "../numbers";
import { Reading } from "./Reading";
import { Said } from "./Said";

const factor = (sd: number) => `× ${number(Math.exp(sd))}`;

/** What each batch of the menu can and cannot tell, and what one more batch costs. */
export function Designs({ market, currency }: { market: string; currency: string }) {
  const answer = useAsk(() => api.GET("/api/v1/markets/{code}/designs", { params: { path: { code: market } } }), [market]);
  if (answer.state === "refused" && !answer.data)
    return (
      <p className="soft">
        <Said>{answer.error.message}</Said>.
      </p>
    );
  if (!answer.data) return <Reading />;
  const { designs, sentence } = answer.data;
  const priced = designs.some((item) => item.price_point !== 1);
  return (
    <>
      <p>
        <Said>{sentence}</Said>
      </p>
      <div className="scroll" tabIndex={0} role="region" aria-label="Batches">
        <table>
          <caption>
            Factor: demand is known within this factor either way (one standard deviation); no pilot brings it below{" "}
            {factor(designs[0]?.floor_sd ?? 0)}
          </caption>
          <thead>
            <tr>
              <th className="num">batch</th>
              {priced && <th className="num">of list price</th>}
              <th className="num">cost</th>
              <th className="num">orders expected</th>
              <th className="num">sells out</th>
              <th className="num">factor after</th>
              <th className="num">odds of misjudging</th>
              <th>also teaches about</th>
            </tr>
          </thead>
          <tbody>
            {designs.map((item) => (
              <tr key={`${item.batch} ${item.price_point}`}>
                <th scope="row" className="plain num">
                  {cars(item.batch)}
                </th>
                {priced && <td className="num">{percent(item.price_point)}</td>}
                <td className="num">{money(item.cost, currency)}</td>
                <td className="num">{cars(item.expected_orders)}</td>
                <td className="num">{percent(item.odds_sold_out)}</td>
                <td className="num">
                  {factor(item.sd_after)} <span className="soft">from {factor(item.sd_before)}</span>
                </td>
                <td className="num">{percent(item.odds_wrong)}</td>
                <td>{item.teaches.map((other) => `${other.name} ${percent(other.share)}`).join(", ") || "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
