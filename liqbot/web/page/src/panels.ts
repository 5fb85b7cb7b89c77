// Everything that is words and rows: made with DOM nodes only, so that nothing from outside is ever markup.

import type { Alert, Book, Cluster, HistoryRow, Liquidations, MarketEvent, Reading, View } from "./api";
import { sortable } from "./sorting";
import { clock, duration, percent, price, ratio, share, usd } from "./figures";

/** Fewer rows are seen at a glance. */
const FEWEST_ROWS = 3;

type Child = Node | string | null;

export function el(tag: string, attributes: Record<string, string> = {}, ...children: Child[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** A table whose rows can be ordered by what stands under a head, where there are enough of them. */
export function table(caption: string, heads: string[], rows: Child[][]): HTMLElement {
  const made = el(
    "table",
    {},
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell))))),
  ) as HTMLTableElement;
  if (rows.length >= FEWEST_ROWS) sortable(made, heads);
  return made;
}

/** A cell by whose `value`, and not by its words, rows are ordered. */
export const valued = (words: string, value: number): HTMLElement => el("span", { "data-value": String(value) }, words);

/** A card that can be focused, since a narrow screen has to scroll its table sideways. */
export function card(label: string, title: string): HTMLElement {
  const box = el("section", { class: "card", tabindex: "0", "aria-label": label, "data-id": label });
  box.append(el("h2", {}, title));
  return box;
}

export const none = (words: string): HTMLElement => el("p", { class: "none" }, words);

const REGIMES: Record<string, [string, string]> = {
  "short-squeeze setup": ["short", "A rise would force more buying than a fall would selling."],
  "long-liquidation setup": ["long", "A fall would force more selling than a rise would buying."],
  balanced: ["", "Neither side holds twice the fuel of the other."],
  "no reading": ["", "Nothing known would be liquidated within 5% of spot."],
};

/** A regime in a table: its word, in the hue of the side where the fuel lies. */
function regime(words: string): HTMLElement {
  return el("span", { class: `lean ${REGIMES[words]?.[0] ?? ""}` }, words.replace(" setup", ""));
}

export function headline(view: View, modelled: boolean): HTMLElement[] {
  const [tone, meaning] = REGIMES[view.regime] ?? ["", ""];
  const bound = modelled ? "up to " : "";
  return [
    el(
      "div",
      { class: "spot" },
      el("h1", {}, view.coin),
      el("span", { class: "price", id: "spot" }, price(view.spot)),
      el("span", { class: `regime ${tone}` }, view.regime),
    ),
    el(
      "div",
      { class: "fuel" },
      el("span", { class: "short" }, el("b", {}, bound + usd(view.up_usd)), " of shorts within 5% above"),
      el("span", { class: "long" }, el("b", {}, bound + usd(view.down_usd)), " of longs within 5% below"),
      view.ratio_scaled
        ? el("span", { title: "Each side divided by its own coverage" }, "scaled ratio ", el("b", {}, ratio(view.ratio)))
        : el("span", {}, "ratio ", el("b", {}, ratio(view.ratio))),
    ),
    el("p", { class: "meaning" }, meaning),
  ];
}

export function clusters(view: View, onPick: (cluster: Cluster | null) => void): HTMLElement {
  const box = card("Clusters", "Clusters");
  const heaviest = [...view.clusters].filter((one) => Math.abs(one.distance_pct) <= 30);
  heaviest.sort((one, other) => other.usd - one.usd);
  for (const side of ["short", "long"] as const) {
    const mine = heaviest.filter((one) => one.side === side);
    const nearest = [...mine].sort((one, other) => Math.abs(one.distance_pct) - Math.abs(other.distance_pct));
    const shown = [...new Set([...mine.slice(0, 4), ...nearest.slice(0, 2)])];
    shown.sort((one, other) => other.price - one.price);
    const words = side === "short" ? "Above: shorts, forced buys" : "Below: longs, forced sells";
    box.append(el("h3", { class: side }, words));
    if (!shown.length) box.append(none("nothing stands out within 30%"));
    for (const one of shown) box.append(clusterRow(one, view, onPick));
  }
  return box;
}

function clusterRow(one: Cluster, view: View, onPick: (cluster: Cluster | null) => void): HTMLElement {
  const detail = [
    one.accounts === null ? "modelled" : one.accounts === 1 ? "single account" : `${one.accounts} accounts`,
    one.whale_share ? `${share(one.whale_share)} whales` : "",
    `standing ${duration((view.time_ms - one.since_ms) / 1000)}`,
  ];
  const row = el(
    "button",
    { class: `cluster ${one.side}`, type: "button", "data-id": one.id },
    el("b", {}, usd(one.usd)),
    el("span", { class: "place" }, `${price(one.price)} (${percent(one.distance_pct, true)})`),
    el("small", {}, detail.filter(Boolean).join(", ")),
  );
  for (const kind of ["mouseenter", "focus"]) row.addEventListener(kind, () => onPick(one));
  for (const kind of ["mouseleave", "blur"]) row.addEventListener(kind, () => onPick(null));
  return row;
}

export function holders(view: View): HTMLElement {
  const box = card("Who holds it", "Who holds it");
  if (view.layer.basis === "modelled") {
    box.append(none("A modelled map knows no accounts."));
    return box;
  }
  box.append(
    table(
      "Open size, and what would be liquidated within 5% of spot",
      ["", "long", "short", "fuel above", "fuel below"],
      view.cohorts.map((one) => [
        `${one.cohort} (${one.accounts})`,
        usd(one.open_usd.long),
        usd(one.open_usd.short),
        usd(one.fuel_usd.short),
        usd(one.fuel_usd.long),
      ]),
    ),
    table(
      "Trapped: share of each side that is underwater",
      ["", "underwater", "by more than 5%"],
      (["long", "short"] as const).map((side) => [
        `${side}s`,
        share(view.trapped.underwater[side]),
        share(view.trapped.deep[side]),
      ]),
    ),
  );
  return box;
}

export function layers(view: View): HTMLElement {
  const rows: Reading[] = [view, ...view.others];
  const box = card("Measured beside modelled", "Measured beside modelled");
  box.append(
    table(
      "Never added up: measured positions are facts, modelled ones upper bounds",
      ["layer", "above", "below", "ratio", "regime"],
      rows.map((one) => [
        `${one.layer.venue}, ${one.layer.basis}`,
        usd(one.up_usd),
        usd(one.down_usd),
        ratio(one.ratio),
        regime(one.regime),
      ]),
    ),
  );
  return box;
}

/** What stands in the way of price: a band a row, then walls, then what market orders would do. */
export function book(known: Book | undefined): HTMLElement {
  const box = card("Order book", "Order book");
  const read = known?.book;
  if (!read) {
    box.append(none("no depth: no order book that is at most a minute old"));
    return box;
  }
  const dollars = (value: number | null): string => (value === null ? "—" : usd(value));
  const lean = (bid: number | null, ask: number | null): string =>
    bid === null || ask === null || !(bid + ask) ? "—" : percent(((bid - ask) / (bid + ask)) * 100, true);
  box.append(
    table(
      `${read.venue}, ${duration(read.age_s)} old, spread ${read.spread_pct.toFixed(3)}%`,
      ["within", "bids", "offers", "imbalance"],
      read.bands.map((one) => [
        percent(one.share * 100),
        dollars(one.bid_usd),
        dollars(one.ask_usd),
        lean(one.bid_usd, one.ask_usd),
      ]),
    ),
  );
  if (read.walls.length)
    box.append(
      table(
        "Walls: far more than around them",
        ["price", "away", "size", ""],
        read.walls.map((one) => [
          price(one.price),
          percent(one.distance_pct, true),
          usd(one.usd),
          one.side === "long" ? "bids" : "offers",
        ]),
      ),
    );
  const sizes = [...new Set(read.orders.map((one) => one.usd))];
  const moved = (size: number, side: string): string => {
    const order = read.orders.find((one) => one.usd === size && one.side === side);
    if (!order) return "—";
    if (order.moved_pct === null) return `beyond the ${usd(order.known_usd)} known`;
    return `${order.moved_pct < 0 ? "−" : "+"}${Math.abs(order.moved_pct).toFixed(2)}%`;
  };
  box.append(
    table(
      "What a market order would move price, nothing refilled",
      ["order", "selling", "buying"],
      sizes.map((size) => [usd(size), moved(size, "short"), moved(size, "long")]),
    ),
  );
  return box;
}

/** What was liquidated in the window; a venue that tells only some gives lower bounds. */
export function liquidated(known: Liquidations | undefined, window: string): HTMLElement {
  const box = card("Liquidations", `Liquidated in ${window}`);
  if (!known?.count) {
    box.append(none("none that any venue told of"));
    return box;
  }
  const least = (sampled: boolean): string => (sampled ? "at least " : "");
  const usual =
    known.usual_hour_usd === null
      ? `${usd(known.hour_usd)} in the last hour`
      : `${usd(known.hour_usd)} in the last hour, usually ${usd(known.usual_hour_usd)}`;
  box.append(
    el("p", { class: "sum" }, `${least(known.is_lower_bound)}${usd(known.long_usd + known.short_usd)}; ${usual}`),
    table(
      "By venue: longs are forced sells, shorts forced buys",
      ["venue", "longs", "shorts"],
      known.venues
        .filter((one) => one.count)
        .map((one) => [one.venue, least(one.sampled) + usd(one.long_usd), least(one.sampled) + usd(one.short_usd)]),
    ),
  );
  if (known.largest.length)
    box.append(
      table(
        "The largest",
        ["when", "side", "size", "price"],
        known.largest.slice(0, 5).map((one) => [
          valued(clock(one.time_ms), one.time_ms),
          `${one.side}s`,
          usd(one.usd),
          price(one.price),
        ]),
      ),
    );
  return box;
}

/** Farther from the price nobody trades on what happens. */
const NEAR = 0.3;

export function happened(events: MarketEvent[], spot: number): HTMLElement {
  const box = card("What happened", "What happened");
  const near = events.filter((one) => one.price === null || Math.abs(one.price / spot - 1) <= NEAR);
  const shown = near.sort((one, other) => other.time_ms - one.time_ms).slice(0, 14);
  if (!shown.length) box.append(none("nothing within 30% of the price in this window"));
  const list = el("ol", { class: "feed" });
  for (const one of shown)
    list.append(
      el("li", { class: one.side ?? "" }, el("time", {}, clock(one.time_ms)), el("span", {}, one.text)),
    );
  if (shown.length) box.append(list);
  return box;
}

export function alerts(all: Alert[]): HTMLElement {
  const box = card("Alerts", "Alerts of this bot");
  if (!all.length) box.append(none("none lately"));
  const list = el("ol", { class: "feed" });
  for (const one of all.slice(0, 8))
    list.append(
      el(
        "li",
        { class: one.side ?? "" },
        el("time", {}, clock(one.time_ms)),
        el("span", {}, el("b", {}, one.title), one.text ? ` ${one.text}` : ""),
      ),
    );
  if (all.length) box.append(list);
  return box;
}

export function regimes(rows: HistoryRow[]): HTMLElement {
  const box = card("Readings by date", "Readings by date");
  if (!rows.length) box.append(none("no day is complete yet"));
  else
    box.append(
      table(
        "One reading a day",
        ["day", "price", "ratio", "above", "below", "regime"],
        rows
          .slice(-14)
          .reverse()
          .map((row) => [
            valued(new Date(row.time_ms).toLocaleDateString("en-GB", { month: "short", day: "numeric" }), row.time_ms),
            price(row.spot),
            ratio(row.ratio),
            usd(row.up_usd),
            usd(row.down_usd),
            regime(row.regime),
          ]),
      ),
    );
  return box;
}
