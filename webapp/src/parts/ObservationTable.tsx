import type { Schemas } from "../api";
import { cars, day, integer, percent } from "../numbers";

const count = (value: number | null | undefined) => (value == null ? "–" : cars(value));

/** Observed rows; a dash is not observed. */
export function ObservationTable({ rows, caption }: { rows: Schemas["ObservationOut"][]; caption: string }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Observed rows">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th>market</th>
            <th>batch</th>
            <th>offer</th>
            <th>from</th>
            <th>to</th>
            <th className="num">price</th>
            <th className="num">reach</th>
            <th className="num">stock</th>
            <th className="num">leads</th>
            <th className="num">drives</th>
            <th className="num">orders</th>
            <th className="num">cancelled</th>
            <th className="num">delivered</th>
            <th className="num">registered</th>
            <th>sold out</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={[row.batch, row.market, row.offer, row.channel, row.store, row.start].join("|")}>
              <th scope="row" className="plain">
                {row.market}
              </th>
              <td>{row.batch}</td>
              <td>{row.offer || "all"}</td>
              <td className="day">{day(row.start)}</td>
              <td className="day">{day(row.end)}</td>
              <td className="num">{row.price == null ? "–" : `${row.currency ?? ""} ${integer(row.price)}`}</td>
              <td className="num">{percent(row.reach, 1)}</td>
              <td className="num">{count(row.opening_stock)}</td>
              <td className="num">{count(row.leads)}</td>
              <td className="num">{count(row.test_drives)}</td>
              <td className="num">{count(row.orders)}</td>
              <td className="num">{count(row.cancellations)}</td>
              <td className="num">{count(row.deliveries)}</td>
              <td className="num">{count(row.registrations)}</td>
              <td className="day">{row.sold_out_on ? <strong>✓ {day(row.sold_out_on)}</strong> : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
