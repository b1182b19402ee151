import type { Refused } from "../api";
import { Said } from "./Said";
import { howMany } from "../numbers";

/** Rows of delimited text; quotes may hold delimiters and line breaks. The line of each row is that of an editor. */
function rowsOf(text: string): { line: number; cells: string[] }[] {
  const heading = text.slice(0, text.indexOf("\n") >>> 0);
  const delimiter = [",", ";", "\t"].reduce((best, mark) => (heading.split(mark).length > heading.split(best).length ? mark : best));
  const rows: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = "";
  let quoted = false;
  let line = 1;
  let first = 1;
  const close = () => {
    cells.push(cell);
    if (cells.some((value) => value !== "")) rows.push({ line: first, cells });
    cells = [];
    cell = "";
    first = line;
  };
  for (let at = 0; at < text.length; at++) {
    const mark = text[at]!;
    if (mark === "\n") line++;
    if (quoted) {
      if (mark === '"' && text[at + 1] === '"') cell += text[++at];
      else if (mark === '"') quoted = false;
      else cell += mark;
    } else if (mark === '"' && cell === "") quoted = true;
    else if (mark === delimiter) {
      cells.push(cell);
      cell = "";
    } else if (mark === "\n") close();
    else if (mark !== "\r") cell += mark;
  }
  close();
  return rows;
}

const MOST_ROWS = 50;

/** The rows that have faults as they were written, each fault at its cell with its cure. */
export function FaultGrid({ text, error }: { text: string; error: Refused }) {
  const [heading, ...rows] = rowsOf(text.replace(/^\uFEFF/, ""));
  const columns = heading?.cells.map((name) => name.trim().toLowerCase()) ?? [];
  const lines = new Set(rows.map((row) => row.line));
  const placed = error.faults.filter(
    (fault) => fault.row != null && lines.has(fault.row) && columns.includes(fault.column?.toLowerCase() ?? ""),
  );
  const faulty = new Set(placed.map((fault) => fault.row));
  const wrong = rows.filter((row) => faulty.has(row.line));
  if (wrong.length === 0) return null;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Rows with faults">
      <table className="faults">
        <caption>
          {wrong.length} of {howMany(rows.length, "row")} {wrong.length === 1 ? "has" : "have"} faults; nothing was stored
          {wrong.length > MOST_ROWS ? `; the first ${MOST_ROWS} are shown` : ""}
        </caption>
        <thead>
          <tr>
            <th className="num">line</th>
            {heading!.cells.map((name) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {wrong.slice(0, MOST_ROWS).map((row) => (
            <tr key={row.line}>
              <th scope="row" className="num">
                {row.line}
              </th>
              {row.cells.map((cell, index) => {
                const here = placed.filter((fault) => fault.row === row.line && fault.column?.toLowerCase() === columns[index]);
                return (
                  <td key={index} className={here.length ? "wrong" : undefined}>
                    {cell || <span className="soft">–</span>}
                    {here.map((fault, number) => (
                      <small key={number}>
                        ✕ <Said literal>{fault.problem}</Said>; <Said literal>{fault.cure}</Said>
                      </small>
                    ))}
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
