import type { Schemas } from "../api";
import { cars, day, inLocale, money, number, odds, percent, tenth } from "../numbers";
import { Said } from "./Said";

type Unit = Schemas["ColumnOut"]["unit"];

function written(value: string | number | null | undefined, unit: Unit, currency: string): string {
  if (value == null || value === "") return "–";
  if (typeof value === "string") return unit === "day" ? day(value) : inLocale(value);
  switch (unit) {
    case "money":
      return money(value, currency);
    case "change":
      return (value > 0 ? "+" : "") + money(value, currency);
    case "share":
      return percent(value);
    case "odds":
      return odds(value);
    case "points":
      return tenth(value);
    case "cars":
      return cars(value);
    default:
      return number(value);
  }
}

/** A table whose columns say their unit; numbers are written as the reader's locale does. */
export function RoomTable({ table, currency }: { table: Schemas["TableOut"]; currency: string }) {
  const right = (unit: Unit) => (unit === "text" || unit === "day" ? "" : "num");
  // in a narrow window neither is a day broken in three, nor a name squeezed to a word a line
  const kind = (unit: Unit, cell: unknown, at: number) => {
    if (unit === "day" || typeof cell !== "string" || cell.length <= 16) return unit === "day" ? "day" : right(unit);
    return at > 0 && cell.length > 32 ? "why" : "long";
  };
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={table.title}>
      <table>
        {table.caption && (
          <caption>
            <Said>{table.caption}</Said>
          </caption>
        )}
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column.name} className={right(column.unit)}>
                {inLocale(column.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, at) => {
                const { unit } = table.columns[at]!;
                const text = written(cell, unit, currency);
                return at === 0 ? (
                  <th key={at} scope="row" className={`plain ${kind(unit, cell, at)}`}>
                    {text}
                  </th>
                ) : (
                  <td key={at} className={kind(unit, cell, at)}>
                    {text}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
