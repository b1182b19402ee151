import type { Schemas } from "../api";
import { instant } from "../numbers";

/** Rows of the ledger; every hash names a record that can be read back. */
export function LedgerTable({ rows }: { rows: Schemas["DecisionOut"][] }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Ledger">
      <table className="ledger">
        <caption>Newest first; a record is opened as it was written</caption>
        <thead>
          <tr>
            <th className="num">no.</th>
            <th>when</th>
            <th>who</th>
            <th>market</th>
            <th>recommended</th>
            <th>chosen</th>
            <th>because</th>
            <th>odds stated, or what came</th>
            <th>records</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.hash}>
              <th scope="row" className="plain num">
                {row.number}
              </th>
              <td>{instant(row.when)}</td>
              <td>{row.who}</td>
              <td>{row.market || "–"}</td>
              <td>{row.recommended || "–"}</td>
              <td>
                {row.recommended && row.chosen !== row.recommended ? <strong>{row.chosen} (override)</strong> : row.chosen || row.kind}
              </td>
              <td>{row.because || "–"}</td>
              <td className="why">{row.odds.join("; ") || "–"}</td>
              <td className="hash records">
                {Object.entries(row.refs).map(([kind, hash]) => (
                  <div key={kind}>
                    <a href={`/api/v1/records/${kind}/${hash}`}>
                      {kind} {hash.slice(0, 10)}
                    </a>
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
