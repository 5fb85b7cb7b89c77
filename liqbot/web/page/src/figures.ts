// Figures as traders write them: the same as in the chats ($15.8M, 59.8k, +3.5%, 4 min).

const STEPS: [number, string][] = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];

const short = (value: number): string =>
  value >= 99.95 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");

export function usd(value: number): string {
  const sign = value < 0 ? "-" : "";
  const size = Math.abs(value);
  for (const [step, letter] of STEPS) if (size >= step * 0.9995) return `${sign}$${short(size / step)}${letter}`;
  return `${sign}$${size.toFixed(0)}`;
}

/** How a price is written with so many decimals; making one takes far longer than using it. */
const prices = new Map<number, Intl.NumberFormat>();

export function price(value: number): string {
  const decimals =
    value >= 1000 ? 0 : value > 0 ? Math.min(12, Math.max(2, 3 - Math.floor(Math.log10(value)))) : 2;
  let format = prices.get(decimals);
  if (!format) {
    format = new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    prices.set(decimals, format);
  }
  return format.format(value);
}

export function percent(value: number, signed = false): string {
  const digits = Math.abs(value).toFixed(1).replace(/\.0$/, "");
  const sign = digits === "0" ? "" : value < 0 ? "−" : signed ? "+" : "";
  return `${sign}${digits}%`;
}

export function share(value: number | null): string {
  if (value === null) return "—";
  const whole = Math.round(value * 100);
  return whole === 0 && value > 0 ? "<1%" : `${whole}%`;
}

export function ratio(value: number | null): string {
  if (value === null) return "—";
  if (value >= 1000) return ">999";
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function duration(seconds: number): string {
  const units: [number, string][] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
  ];
  for (const [length, unit] of units)
    if (seconds >= 1.5 * length || (seconds >= length && seconds % length === 0))
      return `${(seconds / length).toFixed(1).replace(/\.0$/, "")} ${unit}`;
  return `${Math.max(0, seconds).toFixed(0)} s`;
}

const times = new Intl.DateTimeFormat("en-GB", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

export const clock = (timeMs: number): string => times.format(timeMs);
