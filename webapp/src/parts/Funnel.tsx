import type { Schemas } from "../api";
import { cars, day, percent } from "../numbers";

type Row = Schemas["ObservationOut"];
const steps = ["leads", "test_drives", "orders", "cancellations", "deliveries", "registrations"] as const;
const names: Record<(typeof steps)[number], string> = {
  leads: "leads",
  test_drives: "test drives",
  orders: "orders",
  cancellations: "cancelled",
  deliveries: "delivered",
  registrations: "registered",
};

/** From lead to registration by period, summed over batches, stores and offers; blank is not observed. */
export function Funnel({ rows, name }: { rows: Row[]; name: string }) {
  const periods = [...new Set(rows.map((row) => `${row.start}|${row.end}`))].sort();
  const shown = steps.filter((step) => rows.some((row) => row[step] != null));
  const sum = (of: Row[], step: (typeof steps)[number]) => {
    const known = of.map((row) => row[step]).filter((value) => value != null);
    return known.length ? known.reduce((total, value) => total + value, 0) : null;
  };
  const most = Math.max(
    1,
    ...periods.flatMap((period) =>
      shown.map(
        (step) =>
          sum(
            rows.filter((row) => `${row.start}|${row.end}` === period),
            step,
          ) ?? 0,
      ),
    ),
  );
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Funnel by period">
      <table className="funnel">
        <caption>
          {name}, all batches and stores together; a dash is not observed, never zero. ■ sold out: demand went on after the last car
        </caption>
        <thead>
          <tr>
            <th>period</th>
            {shown.map((step) => (
              <th key={step} className="num">
                {names[step]}
              </th>
            ))}
            <th className="num">orders a test drive</th>
            <th>sold out</th>
          </tr>
        </thead>
        <tbody>
          {periods.map((period) => {
            const here = rows.filter((row) => `${row.start}|${row.end}` === period);
            const [start, end] = period.split("|");
            const sold = here.map((row) => row.sold_out_on).filter((on) => on != null);
            const [drives, orders] = [sum(here, "test_drives"), sum(here, "orders")];
            return (
              <tr key={period}>
                <th scope="row">
                  {day(start)} – {day(end)}
                </th>
                {shown.map((step) => {
                  const value = sum(here, step);
                  return (
                    <td key={step} className="num">
                      <i className="bar-in" style={{ width: `${(100 * (value ?? 0)) / most}%` }} />
                      {value == null ? "–" : cars(value)}
                    </td>
                  );
                })}
                <td className="num">{drives && orders != null ? percent(orders / drives) : "–"}</td>
                <td>{sold.length ? <strong>■ {sold.map((on) => day(on)).join(", ")}</strong> : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
