import { useState } from "react";
import { api, useAsk, useSend, type Schemas } from "../api";
import { Refusal } from "./Refusal";

type Heading = Schemas["HeadingOut"];
const channels = ["own_store", "agent", "dealer", "importer"];
const needed = ["batch", "market", "channel"];
const others = [
  "offer",
  "store",
  "price",
  "currency",
  "reach",
  "opening_stock",
  "leads",
  "test_drives",
  "orders",
  "cancellations",
  "deliveries",
  "registrations",
  "sold_out_on",
  "waitlist",
];
const guesses: Record<string, RegExp> = {
  batch: /batch|charge|campaign/i,
  market: /market|country|land|pays/i,
  channel: /channel|kanal/i,
  offer: /offer|model|trim/i,
  store: /store|shop|branch|filiale/i,
  price: /price|preis/i,
  currency: /currency|w.hrung/i,
  leads: /lead/i,
  test_drives: /drive|probefahrt/i,
  orders: /order|bestell/i,
  cancellations: /cancel|storn/i,
  deliveries: /deliver|ausliefer/i,
  registrations: /regist|zulass/i,
  opening_stock: /stock|bestand/i,
  waitlist: /wait/i,
};
const spans = { start: /start|from|von|begin/i, end: /end|to$|bis/i, period: /month|monat|week|woche|quarter|period|date|datum/i };
const quoted = (text: string) => JSON.stringify(text);
const find = (columns: string[], like: RegExp) => columns.find((column) => like.test(column)) ?? "";

interface Choice {
  columns: Record<string, string>;
  constants: Record<string, string>;
  values: Record<string, Record<string, string>>;
  start: string;
  end: string;
  period: string;
  unit: string;
  format: string;
  decimal: string;
  dates: string;
  sum: boolean;
}

/** How an export with other columns becomes ours: chosen here, written as the text file that is kept. */
export function MappingForm({ heading, kept }: { heading: Heading; kept: (name: string) => void }) {
  const [choice, setChoice] = useState<Choice>(() => guessed(heading));
  const [text, setText] = useState<string>();
  const [name, setName] = useState("export");
  const { send, busy, error } = useSend();
  const markets = useAsk(() => api.GET("/api/v1/markets"), []).data?.markets ?? [];
  const change = (part: Partial<Choice>) => {
    setChoice({ ...choice, ...part });
    setText(undefined);
  };
  const codes: Record<string, string[]> = { market: markets.map((row) => row.code), channel: channels };
  const known = (ours: string, theirs: string) =>
    choice.values[ours]?.[theirs] ??
    markets.find((row) => ours === "market" && row.name.toLowerCase() === theirs.toLowerCase())?.code ??
    "";
  const foreign = (["market", "channel"] as const).flatMap((ours) => {
    const column = choice.columns[ours];
    return column
      ? (heading.values[column] ?? []).filter((theirs) => !codes[ours]!.includes(theirs)).map((theirs) => ({ ours, theirs }))
      : [];
  });
  const written =
    text ??
    toml(
      heading,
      choice,
      foreign.map(({ ours, theirs }) => ({ ours, theirs, code: known(ours, theirs) })),
    );
  async function keep() {
    if (await send({ name, written }, () => api.PUT("/api/v1/mappings/{name}", { params: { path: { name } }, body: { text: written } })))
      kept(name);
  }
  const select = (label: string, value: string, set: (value: string) => void, options: string[], empty: string) => (
    <select aria-label={label} value={value} onChange={(event) => set(event.target.value)}>
      <option value="">{empty}</option>
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
  return (
    <div>
      <h3>What the export looks like</h3>
      <div className="scroll" tabIndex={0} role="region" aria-label="First rows of the export">
        <table>
          <thead>
            <tr>
              {heading.columns.map((column) => (
                <th key={column}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {heading.rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, at) => (
                  <td key={at}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>Where our columns come from</h3>
      <div className="scroll" tabIndex={0} role="region" aria-label="Columns">
        <table>
          <thead>
            <tr>
              <th>ours</th>
              <th>their column</th>
              <th>or the same in every row</th>
            </tr>
          </thead>
          <tbody>
            {[...needed, ...others].map((ours) => (
              <tr key={ours}>
                <th scope="row">
                  {ours}
                  {needed.includes(ours) && " *"}
                </th>
                <td>
                  {select(
                    `column for ${ours}`,
                    choice.columns[ours] ?? "",
                    (value) => change({ columns: { ...choice.columns, [ours]: value }, constants: { ...choice.constants, [ours]: "" } }),
                    heading.columns,
                    "–",
                  )}
                </td>
                <td>
                  {ours in codes ? (
                    select(
                      `constant ${ours}`,
                      choice.constants[ours] ?? "",
                      (value) => change({ constants: { ...choice.constants, [ours]: value }, columns: { ...choice.columns, [ours]: "" } }),
                      codes[ours]!,
                      "–",
                    )
                  ) : (
                    <input
                      aria-label={`constant ${ours}`}
                      size={10}
                      value={choice.constants[ours] ?? ""}
                      onChange={(event) =>
                        change({
                          constants: { ...choice.constants, [ours]: event.target.value },
                          columns: { ...choice.columns, [ours]: "" },
                        })
                      }
                    />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="row">
        <span>
          <label htmlFor="m-period">one column names the whole period</label>
          {select2("m-period", choice.period, (value) => change({ period: value }), heading.columns)}
        </span>
        {choice.period ? (
          <>
            <span>
              <label htmlFor="m-unit">it is a</label>
              <select id="m-unit" value={choice.unit} onChange={(event) => change({ unit: event.target.value })}>
                {["day", "week", "month", "quarter", "year"].map((unit) => (
                  <option key={unit}>{unit}</option>
                ))}
              </select>
            </span>
            <span>
              <label htmlFor="m-format">written as, such as %m/%Y; blank: 2027-03</label>
              <input id="m-format" value={choice.format} onChange={(event) => change({ format: event.target.value })} />
            </span>
          </>
        ) : (
          <>
            <span>
              <label htmlFor="m-start">first day</label>
              {select2("m-start", choice.start, (value) => change({ start: value }), heading.columns)}
            </span>
            <span>
              <label htmlFor="m-end">last day</label>
              {select2("m-end", choice.end, (value) => change({ end: value }), heading.columns)}
            </span>
            <span>
              <label htmlFor="m-dates">dates written as, such as %d.%m.%Y; blank: 2027-03-31</label>
              <input id="m-dates" value={choice.dates} onChange={(event) => change({ dates: event.target.value })} />
            </span>
          </>
        )}
        <span>
          <label htmlFor="m-decimal">decimal sign</label>
          <select id="m-decimal" value={choice.decimal} onChange={(event) => change({ decimal: event.target.value })}>
            <option value=".">point</option>
            <option value=",">comma</option>
          </select>
        </span>
        <label className="choice">
          <input type="checkbox" checked={choice.sum} onChange={(event) => change({ sum: event.target.checked })} /> add up rows of the same
          period
        </label>
      </div>
      {foreign.length > 0 && (
        <>
          <h3>Their words in ours</h3>
          <ul className="due">
            {foreign.map(({ ours, theirs }) => (
              <li key={ours + theirs}>
                {ours} <code>{theirs}</code> is{" "}
                {select(
                  `${ours} ${theirs}`,
                  known(ours, theirs),
                  (value) => change({ values: { ...choice.values, [ours]: { ...choice.values[ours], [theirs]: value } } }),
                  codes[ours]!,
                  "choose …",
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <details>
        <summary>The mapping as text, to change by hand</summary>
        <textarea
          aria-label="Mapping as text"
          rows={12}
          style={{ width: "100%" }}
          className="hash"
          value={written}
          onChange={(event) => setText(event.target.value)}
        />
      </details>
      <div className="row">
        <span>
          <label htmlFor="m-name">kept as</label>
          <input id="m-name" value={name} pattern="[\w\-]{1,60}" onChange={(event) => setName(event.target.value)} />
        </span>
        <button type="button" onClick={() => void keep()} disabled={busy || !/^[\w-]{1,60}$/.test(name)}>
          Keep this mapping
        </button>
      </div>
      {error && <Refusal error={error} />}
    </div>
  );
}

function select2(id: string, value: string, set: (value: string) => void, options: string[]) {
  return (
    <select id={id} value={value} onChange={(event) => set(event.target.value)}>
      <option value="">–</option>
      {options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

function guessed(heading: Heading): Choice {
  const columns = Object.fromEntries(Object.entries(guesses).map(([ours, like]) => [ours, find(heading.columns, like)]));
  const [start, end] = [find(heading.columns, spans.start), find(heading.columns, spans.end)];
  const period = start && end ? "" : find(heading.columns, spans.period);
  const sample = heading.rows[0]?.[heading.columns.indexOf(period)] ?? "";
  const format = /^\d{2}\/\d{4}$/.test(sample)
    ? "%m/%Y"
    : /^\d{2}\.\d{4}$/.test(sample)
      ? "%m.%Y"
      : /^\d{2}\.\d{2}\.\d{4}$/.test(sample)
        ? "%d.%m.%Y"
        : "";
  const unit = /\d{4}-?W\d/.test(sample)
    ? "week"
    : /\d{4}-?Q\d/.test(sample)
      ? "quarter"
      : /\d{1,2}[.-]\d{1,2}[.-]\d{4}|\d{4}-\d{2}-\d{2}/.test(sample)
        ? "day"
        : "month";
  return {
    columns,
    constants: { batch: columns.batch ? "" : "running", channel: columns.channel ? "" : "dealer" },
    values: {},
    start,
    end,
    period,
    unit,
    format,
    decimal: heading.delimiter === ";" ? "," : ".",
    dates: "",
    sum: false,
  };
}

function toml(heading: Heading, choice: Choice, words: { ours: string; theirs: string; code: string }[]): string {
  const lines = ["[file]", `delimiter = ${quoted(heading.delimiter)}`, `decimal = ${quoted(choice.decimal)}`];
  if (choice.decimal === ",") lines.push('thousands = "."');
  if (choice.dates && !choice.period) lines.push(`date_format = ${quoted(choice.dates)}`);
  lines.push("", "[columns]");
  const columns = Object.entries(choice.columns).filter(([, theirs]) => theirs);
  if (!choice.period)
    for (const [ours, theirs] of [
      ["start", choice.start],
      ["end", choice.end],
    ] as const)
      if (theirs) columns.push([ours, theirs]);
  for (const [ours, theirs] of columns) lines.push(`${ours} = ${quoted(theirs)}`);
  const constants = Object.entries(choice.constants).filter(([, value]) => value);
  if (constants.length)
    lines.push("", "[constants]", ...constants.map(([ours, value]) => `${ours} = ${/^\d+$/.test(value) ? value : quoted(value)}`));
  for (const ours of ["market", "channel"]) {
    const told = words.filter((word) => word.ours === ours && word.code);
    if (told.length) lines.push("", `[values.${ours}]`, ...told.map((word) => `${quoted(word.theirs)} = ${quoted(word.code)}`));
  }
  if (choice.period)
    lines.push(
      "",
      "[period]",
      `column = ${quoted(choice.period)}`,
      `unit = ${quoted(choice.unit)}`,
      ...(choice.format ? [`format = ${quoted(choice.format)}`] : []),
    );
  if (choice.sum) lines.push("", "[rows]", "sum = true");
  return lines.join("\n") + "\n";
}
