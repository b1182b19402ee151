// Numbers in the reader's locale, with units and sensible digits.
const locale = navigator.languages?.length ? [...navigator.languages] : undefined;
// halves go to the even digit, as the command line rounds: of 40 futures 17 are 42 % there and here; less than half a digit below nothing is no -0
const like = { roundingMode: "halfEven", signDisplay: "negative" } as const;
const threeDigits = new Intl.NumberFormat(locale, { ...like, maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat(locale, { ...like, maximumFractionDigits: 0 });
const asWritten = new Intl.NumberFormat(locale, { maximumFractionDigits: 12 });
const scaled = new Intl.NumberFormat(locale, { ...like, minimumSignificantDigits: 3, maximumSignificantDigits: 3 });
// a day is the same day everywhere, a moment is shown on the reader's clock
const dayText = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
const dateText = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const instantText = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

const steps: [number, string][] = [
  [1e9, "bn"],
  [1e6, "M"],
  [1e3, "k"],
];
const oneDigit = new Intl.NumberFormat(locale, { ...like, minimumFractionDigits: 1, maximumFractionDigits: 1 });
const weekClock = new Intl.DateTimeFormat(locale, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function money(amount: number | null | undefined, currency: string): string {
  if (amount == null || !Number.isFinite(amount)) return "–";
  const size = Math.abs(amount) < 0.005 ? 0 : Math.abs(amount); // less than half a cent is nothing
  const sign = amount < 0 && size > 0 ? "-" : "";
  for (const [step, name] of steps) {
    if (size >= step * 0.9995) return `${sign}${currency}\u00a0${scaled.format(size / step)}\u00a0${name}`;
  }
  return `${sign}${currency}\u00a0${threeDigits.format(size)}`;
}

/** One standard error behind a figure; so few worlds that they tell none say so. */
export const giveOrTake = (se: number | null | undefined, currency: string) => `±\u00a0${se == null ? "?" : money(se, currency)}`;

export function cars(count: number | null | undefined): string {
  if (count == null || !Number.isFinite(count)) return "–";
  return Math.abs(count) < 1000 ? whole.format(count) : threeDigits.format(count);
}

export function percent(share: number | null | undefined, digits = 0): string {
  if (share == null || !Number.isFinite(share)) return "–";
  if (share > 0 && share < 0.01 && digits === 0) return "<1\u00a0%";
  if (share > 0.99 && share < 1 && digits === 0) return ">99\u00a0%";
  return `${new Intl.NumberFormat(locale, { ...like, maximumFractionDigits: digits }).format(100 * share)}\u00a0%`;
}

/** Odds counted from draws: that none or all of some thousand did is no certainty. */
export const odds = (share: number | null | undefined) => percent(share == null ? share : Math.min(Math.max(share, 1e-6), 1 - 1e-6));

/** A count with its noun, `1 market`, `12 markets`; `nouns` where an s does not make the plural. */
export const howMany = (count: number, noun: string, nouns = `${noun}s`) => `${cars(count)} ${count === 1 ? noun : nouns}`;
/** An amount of a limit: money in its currency, anything else counted with its unit. */
export const inUnit = (value: number, unit: string, currency: string) =>
  unit === currency ? money(value, currency) : howMany(value, unit.replace(/s$/, ""), unit).replace(" ", "\u00a0");
export const number = (value: number | null | undefined) => (value == null ? "–" : threeDigits.format(value));
export const day = (text: string | null | undefined) => (text ? (text.length === 10 ? dayText : dateText).format(new Date(text)) : "–");
export const instant = (text: string | null | undefined) => (text ? instantText.format(new Date(text)) : "–");
export const tenth = (value: number) => oneDigit.format(value);
/** A moment on the clock at home, such as Tue 18:00. */
export const weekdayClock = (text: string) => weekClock.format(new Date(text));
/** A figure keeps its unit and currency on its line. */
const together = (text: string) =>
  text
    .replace(/(\d) (?=(?:%|M|k|bn|days|h|min|kWh|kW|ct|s)(?![\w]))/g, "$1\u00a0")
    .replace(/\b([A-Z]{3}) (?=-?\d)/g, "$1\u00a0")
    .replace(/± (?=[A-Z\d])/g, "±\u00a0");

const english = /(?<![\w.,/:]|[A-Za-z]-)(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+)(?![\w/]|[.,:]\d)/g;

// a day of the calendar by itself: no part of a file name or a document's number, and not what somebody typed, between quotation marks
const isoDay = /(?<![\w'"./-])\d{4}-\d{2}-\d{2}(?![\w'"/-]|\.\w)/g;

/** What the server wrote in English, its numbers and days as the reader writes them; paragraphs, versions, times and hashes stay. */
export function inLocale(text: string): string {
  const days = (said: string) => said.replace(isoDay, (written) => (Number.isNaN(Date.parse(written)) ? written : day(written)));
  return days(numbers(text));
}

function numbers(text: string): string {
  return together(text).replace(english, (written) => {
    const digits = written.split(".")[1]?.length ?? 0;
    const format = new Intl.NumberFormat(locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      useGrouping: written.includes(","),
    });
    return format.format(Number(written.replaceAll(",", "")));
  });
}
/** A figure of a table of the launch, every digit of it, so that it can be found there. */
export const written = (value: number) => asWritten.format(value);
export const integer = (value: number) => whole.format(value);
/** A share of a bound, rounded down as every lower bound is; what lies above it by the luck of the worlds is all of it. */
export const certified = (share: number) =>
  percent(share < 0.01 || (share > 0.99 && share < 1) ? share : Math.floor(100 * Math.min(share, 1) + 1e-9) / 100);
