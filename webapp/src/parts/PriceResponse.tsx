import { api, useAsk } from "../api";
import { cars, money, odds } from "../numbers";
import { Reading } from "./Reading";
import { Said } from "./Said";

/** What a change of price, trims or mix would bring, with its odds, and what would settle it. */
export function PriceResponse({ market, currency }: { market: string; currency: string }) {
  const answer = useAsk(() => api.GET("/api/v1/markets/{code}/adjustment", { params: { path: { code: market } } }), [market]);
  if (answer.state === "refused" && !answer.data)
    return (
      <p className="soft">
        <Said>{answer.error.message}</Said>.
      </p>
    );
  if (!answer.data) return <Reading />;
  const { options, sentence, settling, badge } = answer.data;
  const range = (interval: { low: number; high: number }) => `${money(interval.low, currency)} to ${money(interval.high, currency)}`;
  return (
    <>
      <p>
        <Said>{sentence}</Said>
      </p>
      {badge && <p>What the maker's nationality costs there, a year: {range(badge)} (90 %).</p>}
      <div className="scroll" tabIndex={0} role="region" aria-label="Changes of price, trims and mix">
        <table>
          <caption>Against leaving things as they are: a year's contribution at full scale</caption>
          <thead>
            <tr>
              <th>change</th>
              <th className="num">gain a year</th>
              <th className="num">90 %</th>
              <th className="num">odds that it gains</th>
              <th className="num">cars a year</th>
            </tr>
          </thead>
          <tbody>
            {options.slice(0, 8).map((item) => (
              <tr key={item.deed}>
                <th scope="row" className="plain long">
                  {item.deed}
                </th>
                <td className="num">{money(item.gain, currency)}</td>
                <td className="num">{range(item.gain_interval)}</td>
                <td className="num">{odds(item.odds)}</td>
                <td className="num">
                  {item.cars >= 0.5 ? "+" : ""}
                  {cars(item.cars)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {settling.map((item) => (
        <p key={item.name}>
          {item.deed[0]!.toUpperCase() + item.deed.slice(1)}{" "}
          {item.could_change ? (
            <>
              would be worth {money(item.worth, currency)} a year; odds of the right choice from {odds(item.odds_now)} to{" "}
              {odds(item.odds_after)}.
            </>
          ) : (
            "would not change the choice."
          )}
        </p>
      ))}
    </>
  );
}
