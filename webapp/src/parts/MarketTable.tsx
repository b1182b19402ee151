import type { Schemas } from "../api";
import { cars, percent } from "../numbers";
import { choose, useRoute } from "../route";
import { useFold } from "./Fold";
import { Link } from "./Link";
import { Stage } from "./Stage";
import { Said } from "./Said";

type Row = Schemas["MarketRow"];
const keys: { key: string; name: string; value: (row: Row) => number | string; num?: boolean }[] = [
  { key: "name", name: "market", value: (row) => row.name },
  { key: "stage", name: "stage", value: (row) => row.stage },
  { key: "action", name: "plan now", value: (row) => row.action },
  { key: "demand", name: "demand, cars a year", value: (row) => -row.demand_median, num: true },
  { key: "odds", name: "odds of break-even", value: (row) => -(row.odds_good ?? -1), num: true },
];

/** Which plan it is that break-even is from, where it decides another quarter than the one now; "" where it is of today. */
export const planBefore = (launch: Schemas["LaunchOut"]) =>
  launch.planned_for && launch.planned_for !== launch.now ? `the plan of ${launch.planned_for}` : "";

/** All markets, sorted as the reader likes; the order stands in the address. */
export function MarketTable({ markets, launch }: { markets: Row[]; launch: Schemas["LaunchOut"] }) {
  const before = planBefore(launch);
  const { query } = useRoute();
  const order = keys.find((item) => item.key === query.get("sort")) ?? keys[4]!;
  const sorted = [...markets].sort((a, b) => {
    const [left, right] = [order.value(a), order.value(b)];
    return typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right));
  });
  const [rows, more] = useFold(sorted, "markets");
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of markets">
      <table>
        <caption>
          Demand at full scale from {launch.year}, median and 90 % range; odds that it beats what the market costs
          {before && `, as ${before} has it`}. A heading sorts by its column
        </caption>
        <thead>
          <tr>
            {keys.map((item) => (
              <th
                key={item.key}
                className={item.num ? "num" : ""}
                aria-sort={item.key !== order.key ? undefined : item.num ? "descending" : "ascending"}
              >
                <button className="quiet sort" onClick={() => choose("sort", item.key)}>
                  {item.key === "action" && before ? before.replace("the ", "") : item.name}
                  {item.key !== order.key ? "" : item.num ? " ↓" : " ↑"}
                </button>
              </th>
            ))}
            <th>why{before && ", by that plan"}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.code}>
              <th scope="row">
                <Link href={`/markets/${row.code}`}>{row.name}</Link>
              </th>
              <td>
                <Stage stage={row.stage} />
              </td>
              <td>{row.action}</td>
              <td className="num">
                {cars(row.demand_median)}{" "}
                <span className="soft">
                  ({cars(row.demand_low)}–{cars(row.demand_high)})
                </span>
              </td>
              <td className="num">{percent(row.odds_good)}</td>
              <td className="why">
                <Said>{row.says}</Said>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more}
    </div>
  );
}
