// The heat scale: navy, teal, green, yellow, near-white in equal steps of lightness. In the light theme the
// same hues run from paper to ink. Equal money is equal colour on both sides of the price.

type Rgb = [number, number, number];

const DARK = ["#0A0E17", "#10254A", "#14456B", "#166D80", "#23947F", "#5DBB63", "#B9DB4B", "#F3EC74", "#FFFDF0"];
const LIGHT = ["#FFFFFF", "#DDEEF0", "#B2DDD0", "#84C7A6", "#4FA88C", "#28807F", "#175A74", "#123A60", "#0B1B40"];
const LEVELS = 48;

const parse = (code: string): Rgb => [1, 3, 5].map((at) => parseInt(code.slice(at, at + 2), 16)) as Rgb;

function lightness([r, g, b]: Rgb): number {
  const linear = [r, g, b].map((part) => {
    const unit = part / 255;
    return unit <= 0.04045 ? unit / 12.92 : ((unit + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y;
}

function ramp(codes: string[]): Rgb[] {
  const stops = codes.map(parse);
  const levels = stops.map(lightness);
  const [first, last] = [levels[0], levels[levels.length - 1]];
  return Array.from({ length: LEVELS }, (_, step) => {
    const wanted = first + ((last - first) * step) / (LEVELS - 1);
    const rising = last > first;
    let at = 0;
    while (at < stops.length - 2 && (rising ? levels[at + 1] < wanted : levels[at + 1] > wanted)) at++;
    const part = (wanted - levels[at]) / (levels[at + 1] - levels[at] || 1);
    return stops[at].map((low, axis) => Math.round(low + (stops[at + 1][axis] - low) * part)) as Rgb;
  });
}

const RAMPS = { dark: ramp(DARK), light: ramp(LIGHT) };

/** Colours for dollars by cell, up to a cap that is named in the legend. */
export class Scale {
  readonly cap: number;
  private readonly colours: Rgb[];

  constructor(usd: Float64Array, theme: "dark" | "light") {
    this.cap = capOf(usd);
    this.colours = RAMPS[theme];
  }

  /** The level of a cell, 0 for nothing; a square root keeps the quieter side readable. */
  level(usd: number): number {
    if (usd <= 0) return 0;
    return Math.min(LEVELS - 1, Math.max(1, Math.round(Math.sqrt(Math.min(1, usd / this.cap)) * (LEVELS - 1))));
  }

  rgb(usd: number): Rgb {
    return this.colours[this.level(usd)];
  }

  css(usd: number): string {
    return `rgb(${this.rgb(usd).join(" ")})`;
  }

  /** Stops for the legend's gradient. */
  gradient(): string {
    return `linear-gradient(90deg, ${this.colours.map((c, i) => `rgb(${c.join(" ")}) ${(i / (LEVELS - 1)) ** 2 * 100}%`).join(", ")})`;
  }
}

/** The 99.5th percentile of what is not empty, rounded down to 1, 2 or 5: one huge cell must not darken the rest. */
function capOf(usd: Float64Array): number {
  const full = usd.filter((value) => value > 0).sort();
  if (full.length === 0) return 1;
  const value = full[Math.floor((full.length - 1) * 0.995)];
  const step = 10 ** Math.floor(Math.log10(value));
  const digit = value / step;
  return (digit >= 5 ? 5 : digit >= 2 ? 2 : 1) * step;
}
