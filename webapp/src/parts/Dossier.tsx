import type { Schemas } from "../api";
import { day, money } from "../numbers";
import { Said } from "./Said";
import { Sentences } from "./Sentences";

const boxes = { true: { sign: "☑", name: "shown" }, false: { sign: "☐", name: "missing" }, null: { sign: "⍰", name: "not settled" } };

/** The checklist as it is printed: boxes, steps with days, numbered sources. */
export function Dossier({ made, heading }: { made: Schemas["DossierOut"]; heading: string }) {
  return (
    <article className="dossier">
      <h2>
        {heading}, {made.title}
      </h2>
      {made.sentence && (
        <p>
          <Said>{made.sentence}</Said>
        </p>
      )}
      <p>
        {Object.values(boxes)
          .map((box) => `${box.sign} ${box.name}`)
          .join(" · ")}
        ; what is not settled is never read as allowed. Numbers in brackets name the sources below.
      </p>
      {made.sections.map((section) => (
        <section key={section.heading}>
          <h3>{section.heading}</h3>
          <ul className="checklist">
            {section.lines.map((line) => {
              const box = boxes[String(line.done) as keyof typeof boxes];
              return (
                <li key={line.code}>
                  {section.heading !== "Does not apply" && (
                    <span role="img" aria-label={box.name}>
                      {box.sign}
                    </span>
                  )}{" "}
                  <strong>{line.code}</strong> <Said>{`${line.text}. ${line.evidence}`}</Said>{" "}
                  <span className="soft">
                    ({line.grade}; {line.citations.map((number) => `[${number}]`).join(" ")})
                  </span>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
      <h3>Steps still to be done</h3>
      {made.unreachable.length > 0 && <p>No way on record: {made.unreachable.join(", ")}.</p>}
      {made.steps.length === 0 ? (
        <p>None.</p>
      ) : (
        <>
          <p>Cost {money(made.cost, made.currency)}. A step with ★ lies on the critical path: a day lost there is a day lost at the end.</p>
          <div className="scroll" tabIndex={0} role="region" aria-label="Steps">
            <table>
              <thead>
                <tr>
                  <th>path</th>
                  <th>step</th>
                  <th>what</th>
                  <th>from</th>
                  <th>to</th>
                  <th className="num">slack, days</th>
                  <th className="num">cost</th>
                </tr>
              </thead>
              <tbody>
                {made.steps.map((step) => (
                  <tr key={step.code}>
                    <td>{step.critical ? "★" : ""}</td>
                    <th scope="row">{step.code}</th>
                    <td>{step.title}</td>
                    <td className="day">{day(step.start)}</td>
                    <td className="day">{day(step.end)}</td>
                    <td className="num">{step.slack_days}</td>
                    <td className="num">{money(step.cost, made.currency)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      <h3>What changes within a year</h3>
      {made.ahead.length === 0 ? (
        <p>Nothing on record.</p>
      ) : (
        <ul>
          {made.ahead.map((notice, number) => (
            <li key={number}>
              {day(notice.day)}, {notice.before} → {notice.becomes}
              {notice.act_by && `, act by ${day(notice.act_by)}${notice.late ? " (late)" : ""}`}
              {notice.expected && `, expected ${day(notice.expected)}`}
              {notice.no_way && ", no way on record"}: <Said>{notice.subject}</Said>
            </li>
          ))}
        </ul>
      )}
      {made.end_of_series.length > 0 && <Sentences lines={made.end_of_series} />}
      <h3>Sources</h3>
      <ol className="sources">
        {made.citations.map((source, index) => (
          <li key={index}>
            {source.who}{" "}
            <span className="soft">
              (grade {source.grade}, as of {day(source.as_of)})
            </span>
          </li>
        ))}
      </ol>
    </article>
  );
}
