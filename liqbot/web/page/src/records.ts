// What is kept for long: readings as a curve, what became of clusters and regimes, how the model fares; accounts.

import type { Account, ModelScore, Past, Range, Score, Scoreboard } from "./api";
import { clock, duration, percent, price, ratio, share, usd } from "./figures";
import { card, el, none, table, valued } from "./panels";

const [WIDE, HIGH] = [600, 150];
/** The curve reaches at least this far and to its inverse, and no farther than that many times. */
const [LEAST_REACH, MOST_REACH] = [4, 256];
const LEANS: Record<string, string> = { "short-squeeze setup": "short", "long-liquidation setup": "long" };

function svg(tag: string, attributes: Record<string, string | number>, ...children: Node[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** The ratio over time, on a logarithmic axis around 1, the time of each regime that leans in its side's hue. */
function curve(past: Past): HTMLElement {
  const rows = past.readings;
  const [first, last] = [rows[0].time_ms, rows[rows.length - 1].time_ms];
  const leans = rows.flatMap((row) => (row.ratio === null ? [] : [Math.max(row.ratio, 1 / row.ratio)]));
  const reach = Math.min(MOST_REACH, Math.max(LEAST_REACH, ...leans) * 1.1);
  const x = (time: number): number => ((time - first) / Math.max(1, last - first)) * WIDE;
  const y = (value: number): number => {
    const log = Math.max(-1, Math.min(1, Math.log(value) / Math.log(reach)));
    return HIGH / 2 - (log * (HIGH - 8)) / 2;
  };
  const washes = rows.slice(0, -1).flatMap((row, at) => {
    const side = LEANS[row.regime];
    const [from, to] = [x(row.time_ms), x(rows[at + 1].time_ms)];
    return side ? [svg("rect", { class: `wash ${side}`, x: from, y: 0, width: to - from + 0.2, height: HIGH })] : [];
  });
  const lines = [2, 1, 0.5].map((value) =>
    svg("line", { class: value === 1 ? "even" : "threshold", x1: 0, x2: WIDE, y1: y(value), y2: y(value) }),
  );
  let begun = false;
  const path = rows
    .map((row) => {
      const lean = LEANS[row.regime];
      const value = row.ratio ?? (lean === "short" ? reach : lean === "long" ? 1 / reach : null);
      const step = value === null ? "" : `${begun ? "L" : "M"}${x(row.time_ms).toFixed(1)} ${y(value).toFixed(1)}`;
      begun = value !== null;
      return step;
    })
    .join("");
  const now = rows[rows.length - 1];
  const drawn = svg(
    "svg",
    {
      class: "curve",
      viewBox: `0 0 ${WIDE} ${HIGH}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `The ratio since ${clock(first)}, now ${ratio(now.ratio)}`,
    },
    ...washes,
    ...lines,
    svg("path", { d: path, class: "ratio" }),
  );
  const label = (value: number, words: string): HTMLElement =>
    el("span", { class: "at", style: `top: ${((y(value) / HIGH) * 100).toFixed(1)}%` }, words);
  return el("div", { class: "plotted" }, drawn, label(2, "2"), label(0.5, "0.5"));
}

export function past(known: Past | undefined, window: string): HTMLElement {
  const box = card("Readings", `Ratio over ${window}`);
  if (!known || known.readings.length < 2) {
    box.append(none("no history yet: one reading an hour is kept"));
    return box;
  }
  box.append(
    curve(known),
    el("p", { class: "ends" }, el("span", {}, clock(known.since_ms)), el("span", {}, clock(known.until_ms))),
    el("p", { class: "sum" }, `Of the time: ${known.shares.map((one) => `${one.regime} ${share(one.share)}`).join(", ")}.`),
  );
  const after = known.after.filter((one) => one.its_way);
  if (after.length)
    box.append(
      table(
        "After a setup began: how often price then stood nearer to its fuel, beside any other time",
        ["setup", "after", "its way", "any time", "times"],
        after.map((one) => [
          one.regime.replace(" setup", ""),
          duration(one.horizon_ms / 1000),
          enough(one.its_way) ? ranged(one.its_way) : "too few",
          share(one.at_any_time?.value ?? null),
          String(one.its_way!.count),
        ]),
      ),
    );
  return box;
}

const FEWEST = 20;
const FEWEST_DAYS = 5;
const enough = (one: Range | null): boolean => one !== null && one.count >= FEWEST && one.days >= FEWEST_DAYS;
const ranged = (one: Range | null): Node | string =>
  one ? figure(share(one.value), `${share(one.low)} to ${share(one.high)}`) : "—";
/** A figure, and under it where it lies with 95%. */
const figure = (value: string, range: string): HTMLElement => el("span", {}, value, el("small", {}, range));
function points(value: number): string {
  const whole = Math.abs(value * 100).toFixed(0);
  return whole === "0" ? whole : `${value < 0 ? "−" : "+"}${whole}`;
}

/** Whether price came to clusters more often than to levels without one, in the words of the chats. */
function verdict(found: Score): string {
  const over = found.over_empty ?? found.over_mirrored;
  if (!over || !enough(over)) return `Too few to tell: ${FEWEST} cases on ${FEWEST_DAYS} days are needed.`;
  if (over.low > 0) return "Price came to clusters more often than to levels without one.";
  if (over.high < 0) return "Price came to clusters less often than to levels without one.";
  return "No pull is to be seen: price came to levels without a cluster about as often.";
}

function scored(label: string, one: Score): (Node | string)[] {
  const over = one.over_empty;
  return [
    label,
    `${one.reached} of ${one.count}`,
    share(one.rate?.value ?? null),
    share(one.empty?.value ?? null),
    share(one.mirrored?.value ?? null),
    share(one.walk?.value ?? null),
    over ? figure(points(over.value), `${points(over.low)} to ${points(over.high)}`) : "—",
  ];
}

const HEADS = ["", "reached", "share", "empty", "mirrored", "walk", "over empty"];
const BY: Record<string, string> = {
  side: "Side",
  distance: "Distance",
  size: "Size",
  cohort: "Who holds it",
  regime: "Regime then",
  layer: "Layer",
};

export function scoreboard(known: Scoreboard | undefined, window: string, isOpen: boolean): HTMLElement {
  const box = card("Scoreboard", `What became of clusters, ${window}`);
  if (!known) {
    box.append(none("not known at present"));
    return box;
  }
  const day = known.horizons.find((one) => one.horizon_ms === 86_400_000);
  const told = known.horizons.filter((one) => one.count);
  box.append(el("p", { class: "sum" }, `${known.cases} stood within ${known.within_pct}%. ${day ? verdict(day) : ""}`));
  if (told.length)
    box.append(
      table(
        "Reached within, beside empty levels, the mirrored price and a random walk; the difference in points, with 95%",
        HEADS,
        told.map((one) => scored(duration(one.horizon_ms / 1000), one)),
      ),
    );
  const after = day?.reached ? afterwards(day, known.tells_liquidations) : [];
  if (after.length) box.append(el("p", { class: "after" }, after.join("; ")));
  if (known.groups.length) {
    const more = el("details", { "data-id": "groups", ...(isOpen ? { open: "" } : {}) }, el("summary", {}, "By side, distance, size, holder, regime"));
    for (const by of new Set(known.groups.map((one) => one.by)))
      more.append(
        table(
          `${BY[by] ?? by}, within a day`,
          HEADS,
          known.groups.filter((one) => one.by === by).map((one) => scored(one.name, one.score)),
        ),
      );
    box.append(more);
  }
  return box;
}

function afterwards(day: Score, tells: boolean): string[] {
  const said: string[] = [];
  if (day.overshoot_pct) said.push(`price went ${percent(day.overshoot_pct.value)} beyond within an hour`);
  day.after_pct.forEach((one, at) => {
    if (one) said.push(`${["1 h", "4 h"][at]} later it was ${percent(Math.abs(one.value))} ${one.value < 0 ? "back" : "farther"}`);
  });
  if (day.gone) said.push(`${day.gone} of those reached had been closed before`);
  if (day.liquidated) said.push(`liquidated there was ${share(day.liquidated.value)} of what the map said`);
  else if (!tells) said.push("the venue told of no liquidations");
  return said;
}

export function modelScores(all: ModelScore[], coin: string): HTMLElement {
  const box = card("Model against truth", "Model against truth");
  const mine = all.filter((one) => one.coin === coin);
  if (!mine.length) {
    box.append(none("not tried yet: once a day, where positions or liquidations are known"));
    return box;
  }
  const said = (found: [number, number, number] | null): Node | string =>
    found ? figure(found[0].toFixed(2), `${found[1].toFixed(2)} to ${found[2].toFixed(2)}`) : "—";
  box.append(
    table(
      "The modelled map: rank beside real maps, size over theirs, bits a liquidated dollar over distance only",
      ["truth", "rank", "size", "bits"],
      mine.map((one) => [one.maps ? one.label : `${one.label}: its liquidations`, said(one.rank), said(one.size), said(one.bits)]),
    ),
  );
  return box;
}

export type Position = Account["positions"][number];

/** What can be done with an account that is looked at. */
export interface OnAccount {
  ask: (address: string) => void;
  /** A position is pointed at; null once it is not any more. */
  point: (position: Position | null) => void;
  /** The coin of a position is asked for. */
  open: (position: Position) => void;
}

/** A form that asks for an account, and what it holds; what was asked for stays while the cards are renewed. */
export function accounts(known: Account | string | undefined, asked: string, on: OnAccount): HTMLElement {
  const box = card("Account", "Look at an account");
  const field = el("input", {
    "data-id": "address",
    "aria-label": "Address of an account",
    placeholder: "0x…",
    autocomplete: "off",
    spellcheck: "false",
    value: asked,
  }) as HTMLInputElement;
  const form = el("form", { class: "try" }, field, el("button", { type: "submit" }, "Look"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) on.ask(field.value.trim());
  });
  box.append(form);
  if (typeof known === "string") box.append(none(known));
  else if (known) box.append(...held(known, on));
  else box.append(none("its positions, the nearest to its liquidation first"));
  return box;
}

/** The name of a position: pointing at it shows on the chart where it is liquidated, pressing it opens its coin. */
function position(one: Position, on: OnAccount): HTMLElement {
  const words = `${one.coin} ${one.side}${one.leverage === null ? "" : ` ${one.leverage}x`}`;
  const name = el("button", { type: "button", class: `position ${one.side}`, "data-id": `position ${words}` }, words);
  for (const kind of ["mouseenter", "focus"]) name.addEventListener(kind, () => on.point(one));
  for (const kind of ["mouseleave", "blur"]) name.addEventListener(kind, () => on.point(null));
  name.addEventListener("click", () => on.open(one));
  return name;
}

function held(known: Account, on: OnAccount): HTMLElement[] {
  const worth = known.equity_usd === null ? "" : `worth ${usd(known.equity_usd)}, `;
  const old = known.is_newest ? "" : `; the venue does not answer, this is of ${clock(known.time_ms)}`;
  const sum = el("p", { class: "sum" }, `${known.venue}: ${worth}${usd(known.long_usd)} long, ${usd(known.short_usd)} short${old}`);
  if (!known.positions.length) return [sum, none("no open position")];
  return [
    sum,
    table(
      "Positions, the nearest to its liquidation first",
      ["position", "size", "entry", "liquidation", "away", "profit"],
      known.positions.map((one) => [
        position(one, on),
        valued(usd(one.usd), one.usd),
        price(one.entry),
        one.liquidation === null ? "none" : price(one.liquidation),
        one.distance_pct === null ? "—" : valued(percent(one.distance_pct), one.distance_pct),
        valued(usd(one.profit_usd), one.profit_usd),
      ]),
    ),
  ];
}
