import type { Refused } from "../api";
import { Said } from "./Said";
import { howMany } from "../numbers";

const MOST_ROWS = 50;

/** What a field says of itself while what it sent is refused: that it is wrong, and where that is explained. */
export const ifWrong = (error: Refused | undefined, id: string) =>
  error && error.kind !== "Unreachable" ? { "aria-invalid": true, "aria-describedby": id } : {};

/** What is wrong and the cure; faults at their cells. Instead of a whole page it has that page's heading; fields that are wrong name its `id`. */
export function Refusal({ error, page, id }: { error: Refused; page?: boolean; id?: string }) {
  const named = error.faults.some((fault) => fault.file !== error.faults[0]!.file || error.message.indexOf(fault.file) < 0);
  return (
    <>
      {page && <h1>Not to be shown</h1>}
      <div className="notice" role="alert">
        <p id={id}>
          <strong>
            <Said literal>{error.message}</Said>
          </strong>
          {error.hint && (
            <>
              {" "}
              · <Said literal>{error.hint}</Said>
            </>
          )}
        </p>
        {error.kind === "NotSignedIn" && (
          <p>
            <button onClick={() => window.location.reload()}>Sign in</button>
          </p>
        )}
        {error.faults.length > 0 && <Faults faults={error.faults.slice(0, MOST_ROWS)} named={named} />}
        {error.faults.length > MOST_ROWS && (
          <details>
            <summary>{howMany(error.faults.length - MOST_ROWS, "further fault")}</summary>
            <Faults faults={error.faults.slice(MOST_ROWS)} named={named} />
          </details>
        )}
      </div>
    </>
  );
}

function Faults({ faults, named }: { faults: Refused["faults"]; named: boolean }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Faults">
      <table>
        <thead>
          <tr>
            {named && <th>file</th>}
            <th>row</th>
            <th>column</th>
            <th>written</th>
            <th>what is wrong</th>
            <th>cure</th>
          </tr>
        </thead>
        <tbody>
          {faults.map((fault, index) => (
            <tr key={index}>
              {named && <td>{fault.file}</td>}
              <th scope="row" className="plain">
                {fault.row ?? "–"}
              </th>
              <td>{fault.column ?? "–"}</td>
              <td>
                <code>{fault.written}</code>
              </td>
              <td>
                <Said literal>{fault.problem}</Said>
              </td>
              <td>
                <Said literal>{fault.cure}</Said>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
