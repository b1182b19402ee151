// Numbers in the reader's locale, with units and sensible digits.
const locale = navigator.languages?.length ? [...navigator.languages] : undefined;
const threeDigits = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const dateText = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
const instantText = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

const steps: [number, string][] = [[1e9, "bn"], [1e6, "M"], [1e3, "k"]];
const oneDigit = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const weekClock = new Intl.DateTimeFormat(locale, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export function money(amount: number | null | undefined, currency: string): string {
  if (amount == null || !Number.isFinite(amount)) return "–";
  for (const [size, name] of steps) {
    if (Math.abs(amount) >= size * 0.9995) return `${currency} ${threeDigits.format(amount / size)} ${name}`;
  }
  return `${currency} ${threeDigits.format(amount)}`;
}

export function cars(count: number | null | undefined): string {
  if (count == null || !Number.isFinite(count)) return "–";
  return Math.abs(count) < 1000 ? whole.format(count) : threeDigits.format(count);
}

export function percent(share: number | null | undefined, digits = 0): string {
  if (share == null || !Number.isFinite(share)) return "–";
  if (share > 0 && share < 0.01 && digits === 0) return "<1 %";
  if (share > 0.99 && share < 1 && digits === 0) return ">99 %";
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(100 * share)} %`;
}

export const number = (value: number | null | undefined) => (value == null ? "–" : threeDigits.format(value));
export const day = (text: string | null | undefined) => (text ? dateText.format(new Date(text)) : "–");
export const instant = (text: string | null | undefined) => (text ? instantText.format(new Date(text)) : "–");
export const tenth = (value: number) => oneDigit.format(value);
/** A moment on the clock at home, such as Tue 18:00. */
export const weekdayClock = (text: string) => weekClock.format(new Date(text));
export const integer = (value: number) => whole.format(value);
