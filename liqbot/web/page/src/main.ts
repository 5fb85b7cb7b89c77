// The page: one coin, one layer, one window; everything else follows from the address.

import {
  api,
  ApiError,
  cells,
  type Account,
  type Alert,
  type Book,
  type CoinInfo,
  type Grid,
  type Liquidations,
  type MarketEvent,
  type ModelScore,
  type Part,
  type Past,
  type Scoreboard,
  type Side,
  type View,
} from "./api";
import { PriceChart, type Hover } from "./chart";
import { clock, duration, percent, price, usd } from "./figures";
import { Scale } from "./heat";
import type { Band } from "./heatmap";
import { Live, type Push } from "./live";
import { alerts, book, clusters, el, happened, headline, holders, layers, liquidated, regimes } from "./panels";
import { Profile } from "./profile";
import { accounts, modelScores, past, scoreboard } from "./records";
import { readState, writeState, type State } from "./state";

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

/** Pools below are hidden on request. */
const LEAST: Record<string, number> = { "100k": 1e5, "500k": 5e5, "1M": 1e6, "5M": 5e6, "10M": 1e7 };
const OPENED: Record<string, string> = { "": "any time", "24h": "last 24 h", "3d": "last 3 d", "7d": "last 7 d" };
const SIDES: Record<Side, string> = { long: "#ff9f43", short: "#4dabff" };
const GRID_REFRESH_MS = 60_000;
const VIEW_REFRESH_MS = 2_000;
const FLOWS_REFRESH_MS = 10_000;
const RECORDS_REFRESH_MS = 600_000;

let state: State = readState();
let coins: CoinInfo[] = [];
let view: View | undefined;
let grid: Grid | undefined;
let allCells: Float64Array = new Float64Array();
/** The same without the pools that are hidden. */
let usdByCell: Float64Array = allCells;
let scale: Scale;
let events: MarketEvent[] = [];
let alertList: Alert[] = [];
let orderBook: Book | undefined;
let forced: Liquidations | undefined;
let readings: Past | undefined;
let board: Scoreboard | undefined;
let scores: ModelScore[] = [];
/** What was found of the account that was asked for, or why nothing was. */
let account: Account | string | undefined;
let address = "";
let gridLoadedMs = 0;
let flowsLoadedMs = 0;
let recordsLoadedMs = 0;
let viewLoadedMs = 0;
let generation = 0;

applyTheme();
/** Asked for first: the answer is on its way while the chart is made. */
let firstCoins: ReturnType<typeof api.coins> | undefined = api.coins();
firstCoins.catch(() => undefined); // `start` says what went wrong
const chart = new PriceChart(byId("chart"), onHover);
const profile = new Profile(byId("profile"), chart);
const live = new Live(onPush, (isLive, words) => {
  byId("state").className = isLive ? "live" : "stale";
  byId("state-words").textContent = isLive && view ? `live, ${clock(view.time_ms)}` : words;
});

const part = (): Part => ({
  venue: state.venue || undefined,
  tier: state.tier || undefined,
  opened: state.opened || undefined,
});

async function start(): Promise<void> {
  document.body.classList.toggle("embed", state.embed);
  const asked = firstCoins ?? api.coins();
  firstCoins = undefined;
  const known = await asked;
  coins = known.coins;
  if (!coins.length) {
    say("The market is still being read. This page begins by itself.");
    setTimeout(() => void guarded(start), 2_000);
    return;
  }
  byId("coin").replaceChildren(...coins.map((one) => el("option", { value: one.coin }, one.coin)));
  byId("windows").replaceChildren(
    ...known.windows.map((name) => el("button", { type: "button", "data-window": name }, name)),
  );
  chart.price = state.price;
  const wanted = state.coin.toLowerCase();
  const found = wanted ? coins.find((one) => one.coin.toLowerCase() === wanted) : coins[0];
  if (!found) return awaitCoin();
  state.coin = found.coin;
  writeState(state, false);
  await show(false);
}

let awaiting: ReturnType<typeof setTimeout> | undefined;

/** A coin that is not read yet, as after a start of the bot, is waited for; the others are a click away. */
function awaitCoin(): void {
  const wanted = state.coin;
  const others = coins.filter((one) => one.coin !== wanted).slice(0, 8);
  const ways = others.map((one) => {
    const way = el("button", { type: "button" }, one.coin);
    way.addEventListener("click", () => change({ coin: one.coin }));
    return way;
  });
  const list = byId<HTMLSelectElement>("coin");
  if (![...list.options].some((one) => one.value === wanted)) list.prepend(el("option", { value: wanted }, wanted));
  list.value = wanted;
  say(
    `There is no ${wanted} here, or not yet: a coin is known once it has been read. ` +
      "This page begins by itself as soon as it is.",
    ways.length ? el("div", { class: "ways" }, "Meanwhile there is", ...ways) : undefined,
  );
  if (!view) byId("state-words").textContent = `waiting for ${wanted}`;
  clearTimeout(awaiting);
  awaiting = setTimeout(() => state.coin === wanted && void guarded(start), 3_000);
}

/** Loads everything of the coin, layer and window in the state. */
async function show(keepZoom: boolean): Promise<void> {
  const mine = ++generation;
  controls();
  const [newView, newGrid] = await Promise.all([
    api.view(state.coin, part()),
    api.grid(state.coin, state.window, part()),
  ]);
  const newCells = await cells(newGrid);
  if (mine !== generation) return;
  view = newView;
  gridLoadedMs = viewLoadedMs = Date.now();
  take(newGrid, newCells, keepZoom);
  render();
  live.follow(state.coin, state.venue);
  say("");
  const rest = await Promise.allSettled([
    api.events(state.coin, state.window, part()),
    api.history(state.coin, part()),
    api.alerts(state.coin),
    flows(mine),
  ]);
  if (mine !== generation) return;
  events = rest[0].status === "fulfilled" ? rest[0].value.events : [];
  alertList = rest[2].status === "fulfilled" ? rest[2].value.alerts : [];
  chart.events(events);
  cards(rest[1].status === "fulfilled" ? rest[1].value.rows : []);
  await records(mine);
}

/** Loads what takes the bot longest, once all else is on the screen. */
async function records(mine: number): Promise<void> {
  recordsLoadedMs = Date.now();
  const [newPast, newBoard, newScores] = await Promise.allSettled([
    api.past(state.coin, state.window, part()),
    api.scoreboard(state.coin, boardWindow(), part()),
    api.modelScores(),
  ]);
  if (mine !== generation) return;
  readings = newPast.status === "fulfilled" ? newPast.value : undefined;
  board = newBoard.status === "fulfilled" ? newBoard.value : undefined;
  if (newScores.status === "fulfilled") scores = newScores.value.scores;
  cards();
}

/** Within a day or two hardly any cluster's fate is known. */
const boardWindow = (): string => (/^(12h|24h|3d)$/.test(state.window) ? "30d" : state.window);

async function look(wanted: string): Promise<void> {
  address = wanted;
  account = "looking …";
  cards();
  account = await api.account(wanted).catch((error: unknown) =>
    error instanceof ApiError ? error.message : "The bot does not answer.",
  );
  cards();
}

/** Loads the order book and what was liquidated; what cannot be had is said to be unknown. */
async function flows(mine: number): Promise<void> {
  flowsLoadedMs = Date.now();
  const [newBook, newForced] = await Promise.allSettled([
    api.book(state.coin, part()),
    api.liquidations(state.coin, flowsWindow(), part()),
  ]);
  if (mine !== generation) return;
  orderBook = newBook.status === "fulfilled" ? newBook.value : undefined;
  forced = newForced.status === "fulfilled" ? newForced.value : undefined;
}

/** What is kept of liquidations reaches back a month at most. */
const flowsWindow = (): string => (/^(\d+h|[1-9]d|[12]\dd|30d)$/.test(state.window) ? state.window : "30d");

let historyRows: Parameters<typeof regimes>[0] = [];

function take(newGrid: Grid, newCells: Float64Array, keepZoom: boolean): void {
  grid = newGrid;
  allCells = usdByCell = newCells;
  const least = LEAST[state.least] ?? 0;
  if (least) usdByCell = usdByCell.map((value) => (value < least ? 0 : value));
  scale = new Scale(usdByCell, state.theme);
  chart.show(newGrid, usdByCell, scale, view, keepZoom);
  byId("legend").hidden = false;
  byId("ramp").style.background = scale.gradient();
  byId("cap").textContent = `${usd(scale.cap)}+ per 0.1%`;
  // What is drawn is on the screen a frame later; benchmarks read when that was.
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("heatmap")));
}

function render(): void {
  if (!view) return;
  byId("headline").replaceChildren(...headline(view, view.layer.basis === "modelled"));
  byId("provenance").textContent = view.provenance;
  document.title = `${view.coin} ${price(view.spot)}, ${view.regime}: liqbot`;
  chart.spot(view.spot);
  chart.name(bigEnough(view).clusters, view.spot, view.layer.basis === "modelled" ? "up to " : "");
  profile.show(view);
}

/** The view with the clusters that are asked for by size. */
function bigEnough(whole: View): View {
  const least = LEAST[state.least] ?? 0;
  return least ? { ...whole, clusters: whole.clusters.filter((one) => one.usd >= least) } : whole;
}

function cards(rows?: Parameters<typeof regimes>[0]): void {
  if (!view) return;
  if (rows) historyRows = rows;
  const focused = document.activeElement?.getAttribute("data-id");
  const typed = document.querySelector<HTMLInputElement>('[data-id="address"]');
  const groupsOpen = document.querySelector<HTMLDetailsElement>('[data-id="groups"]')?.open ?? false;
  const caret = typed && typed === document.activeElement ? typed.selectionStart : null;
  byId("cards").replaceChildren(
    clusters(bigEnough(view), (one) =>
      chart.highlight(one ? { low: one.low, high: one.high, colour: SIDES[one.side] } : undefined),
    ),
    holders(view),
    layers(view),
    book(orderBook),
    liquidated(forced, flowsWindow()),
    happened(events, view.spot),
    past(readings, state.window),
    regimes(historyRows),
    scoreboard(board, boardWindow(), groupsOpen),
    modelScores(scores, state.coin),
    alerts(alertList),
    accounts(account, typed?.value ?? address, {
      ask: (wanted) => void look(wanted),
      point: (one) => chart.highlight(one && one.coin === state.coin && one.liquidation !== null ? level(one.liquidation, one.side) : undefined),
      open: ({ coin }) => coin !== state.coin && coins.some((known) => known.coin === coin) && change({ coin }),
    }),
  );
  if (caret !== null) document.querySelector<HTMLInputElement>('[data-id="address"]')?.setSelectionRange(caret, caret);
  if (focused) document.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

/** A price as a thin band. */
const level = (price: number, side: Side): Band => ({ low: price * 0.9995, high: price * 1.0005, colour: SIDES[side] });

function controls(): void {
  byId<HTMLSelectElement>("coin").value = state.coin;
  for (const button of byId("windows").querySelectorAll("button"))
    button.setAttribute("aria-pressed", String(button.dataset.window === state.window));
  const known = coins.find((one) => one.coin === state.coin);
  const names = new Map<string, string>([["", "best there is"]]);
  for (const one of known?.layers ?? []) names.set(one.venue.toLowerCase(), one.label);
  if ((known?.layers.filter((one) => one.basis === "modelled").length ?? 0) > 1)
    names.set("modelled", "all modelled, added up");
  if (state.venue && !names.has(state.venue)) names.set(state.venue, state.venue);
  byId("venue").replaceChildren(...[...names].map(([value, words]) => el("option", { value }, words)));
  byId<HTMLSelectElement>("venue").value = state.venue;
  const tiers = view?.coin === state.coin ? view.tiers : [];
  byId("tier-label").hidden = !tiers.length;
  byId("tier").replaceChildren(
    el("option", { value: "" }, "all"),
    ...tiers.map((tier) => el("option", { value: `${tier}x` }, `${tier}x`)),
  );
  byId<HTMLSelectElement>("tier").value = state.tier;
  const modelled = known?.layers.some((one) => one.basis === "modelled") ?? false;
  byId("opened-label").hidden = !modelled;
  choices("opened", OPENED, state.opened);
  choices("least", { "": "any size", ...Object.fromEntries(Object.keys(LEAST).map((name) => [name, `$${name}+`])) }, state.least);
  byId("price-kind").textContent = state.price === "line" ? "Candles" : "Line";
  byId("theme").textContent = state.theme === "dark" ? "Light" : "Dark";
}

/** Fills a list to choose from, and adds what is chosen where an address brought something else. */
function choices(id: string, words: Record<string, string>, chosen: string): void {
  const all = chosen in words ? words : { ...words, [chosen]: chosen };
  byId(id).replaceChildren(...Object.entries(all).map(([value, text]) => el("option", { value }, text)));
  byId<HTMLSelectElement>(id).value = chosen;
}

function change(changes: Partial<State>): void {
  const coinChanged = changes.coin !== undefined && changes.coin !== state.coin;
  clearTimeout(awaiting);
  state = { ...state, ...changes, ...(coinChanged ? { venue: "", tier: "", opened: "" } : {}) };
  writeState(state, true);
  void guarded(() => show(false));
}

let hovered: Hover | null = null;
let isDragging = false;
let isTipDue = false;

/** What is under the pointer is told once a frame however often it moves, and not while the chart is dragged. */
function onHover(hover: Hover | null): void {
  hovered = hover;
  if (isTipDue) return;
  isTipDue = true;
  requestAnimationFrame(() => {
    isTipDue = false;
    tell(isDragging ? null : hovered);
  });
}

function tell(hover: Hover | null): void {
  const tip = byId("tip");
  if (!hover || !grid) {
    tip.hidden = true;
    return;
  }
  const { bins, until_ms, time_ms } = grid;
  const inside = hover.bin >= 0 && hover.bin < bins.count;
  const dollars = inside ? usdByCell[hover.column * bins.count + hover.bin] : 0;
  const low = Math.exp((bins.first + hover.bin) * bins.width);
  const high = Math.exp((bins.first + hover.bin + 1) * bins.width);
  const spot = grid.spot[hover.column];
  const side = high <= spot ? "longs, forced sells" : low >= spot ? "shorts, forced buys" : "at the price";
  const bound = grid.layer.basis === "modelled" ? "up to " : "";
  const near = view?.clusters.find((one) => hover.price >= one.low && hover.price <= one.high);
  tip.replaceChildren(
    el("b", { class: "dollars" }, dollars > 0 ? `${bound}${usd(dollars)}` : nothing()),
    `${price(low)} to ${price(high)} (${percent((hover.price / spot - 1) * 100, true)})`,
    el("br"),
    dollars > 0 ? side : "",
    el("br"),
    `${clock(time_ms[hover.column])}, ${grid.layer.venue}, ${grid.layer.basis}`,
    // Whose the money of a past map was is not kept; of a cluster that stands since then it is known.
    ...(near && until_ms[hover.column] > near.since_ms
      ? [
          el("br"),
          `cluster, now ${usd(near.usd)}, ${near.accounts === null ? "modelled" : `${near.accounts} account${near.accounts === 1 ? "" : "s"}`}, ` +
            `standing ${duration((view!.time_ms - near.since_ms) / 1000)}`,
        ]
      : []),
  );
  Object.assign(tip.dataset, { usd: String(dollars), column: String(hover.column), bin: String(hover.bin) });
  tip.hidden = false;
  // On the side of the pointer where there is more room: measuring the tip would lay the page out in every frame.
  const { width, height } = plotSize;
  const isLeft = hover.x > width / 2;
  const isAbove = hover.y > height / 2;
  tip.style.left = isLeft ? "auto" : `${hover.x + 16}px`;
  tip.style.right = isLeft ? `${width - hover.x + 16}px` : "auto";
  tip.style.top = isAbove ? "auto" : `${hover.y + 12}px`;
  tip.style.bottom = isAbove ? `${height - hover.y + 12}px` : "auto";
}

const plotSize = { width: 0, height: 0 };
new ResizeObserver(([{ contentRect }]) => {
  plotSize.width = contentRect.width;
  plotSize.height = contentRect.height;
}).observe(byId("plot"));
/** A finger that rests so long on the chart asks for the crosshair and does not pan. */
const LONG_TAP_MS = 240;
let pressedMs = 0;
addEventListener("pointerdown", (event) => {
  isDragging = byId("chart").contains(event.target as Node);
  pressedMs = event.timeStamp;
  if (isDragging) byId("tip").hidden = true;
});
addEventListener("pointermove", (event) => {
  if (isDragging && (event.pointerType !== "touch" || event.timeStamp - pressedMs < LONG_TAP_MS)) chart.isDragged = true;
});
for (const name of ["pointerup", "pointercancel"])
  addEventListener(name, () => {
    isDragging = chart.isDragged = false;
  });

/** What an empty cell says: small ones are left out of a large grid. */
function nothing(): string {
  const least = Math.max(grid!.least_usd, LEAST[state.least] ?? 0);
  return least > 1 ? `less than ${usd(least)}` : "nothing known";
}

function onPush({ kind, data }: Push): void {
  if (kind === "view") void guarded(freshen);
  else if (kind === "event") {
    events = [...events, data as unknown as MarketEvent].slice(-500);
    chart.events(events);
    cards();
  } else {
    alertList = [data as unknown as Alert, ...alertList].slice(0, 50);
    cards();
  }
}

/** Takes up a newer view: at most one request in two seconds, and the grid once a minute. */
async function freshen(): Promise<void> {
  const now = Date.now();
  if (now - viewLoadedMs < VIEW_REFRESH_MS) return;
  viewLoadedMs = now;
  const mine = generation;
  const newer = await api.view(state.coin, part());
  if (mine !== generation) return;
  view = newer;
  render();
  if (now - flowsLoadedMs >= FLOWS_REFRESH_MS) await flows(mine);
  if (now - recordsLoadedMs >= RECORDS_REFRESH_MS) await records(mine);
  if (mine !== generation) return;
  cards();
  if (now - gridLoadedMs < GRID_REFRESH_MS) return;
  gridLoadedMs = now;
  const newGrid = await api.grid(state.coin, state.window, part());
  const newCells = await cells(newGrid);
  if (mine === generation) take(newGrid, newCells, true);
  if (mine === generation) chart.spot(newer.spot);
}

function say(words: string, wayOut?: HTMLElement): void {
  byId("empty").hidden = !words;
  byId("empty").replaceChildren(el("div", {}, words, wayOut ?? null));
}

/** What to press where the address asks for what there is not. */
function wayOut(): HTMLElement {
  const button = el("button", { type: "button" }, `Show ${state.coin || "all"}, 24h, best there is`);
  button.addEventListener("click", () => change({ window: "24h", venue: "", tier: "", opened: "" }));
  return button;
}

async function guarded(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) awaitCoin();
    else if (error instanceof ApiError) {
      say(error.message, error.status < 500 && error.status !== 429 ? wayOut() : undefined);
      if (!view) byId("state-words").textContent = "nothing is shown yet";
    }
    else say("The bot does not answer. This page goes on as soon as it does.");
    if (!(error instanceof ApiError) || error.status >= 500 || error.status === 429)
      setTimeout(() => void guarded(coins.length ? () => show(true) : start), 3_000);
  }
}

function applyTheme(): void {
  document.documentElement.dataset.theme = state.theme;
}

byId("coin").addEventListener("change", (event) => change({ coin: (event.target as HTMLSelectElement).value }));
byId("venue").addEventListener("change", (event) =>
  change({ venue: (event.target as HTMLSelectElement).value, tier: "", opened: "" }),
);
byId("tier").addEventListener("change", (event) => change({ tier: (event.target as HTMLSelectElement).value }));
byId("opened").addEventListener("change", (event) => change({ opened: (event.target as HTMLSelectElement).value }));
byId("least").addEventListener("change", (event) => change({ least: (event.target as HTMLSelectElement).value }));
byId("windows").addEventListener("click", (event) => {
  const name = (event.target as HTMLElement).dataset.window;
  if (name) change({ window: name });
});
byId("fit").addEventListener("click", () => chart.fit(view));
byId("price-kind").addEventListener("click", () => {
  state = { ...state, price: state.price === "line" ? "candles" : "line" };
  writeState(state, true);
  chart.price = state.price;
  if (grid) take(grid, allCells, true);
  render();
  chart.events(events);
  controls();
});
byId("theme").addEventListener("click", () => {
  state = { ...state, theme: state.theme === "dark" ? "light" : "dark" };
  localStorage.setItem("theme", state.theme);
  applyTheme();
  chart.dress();
  if (grid) take(grid, allCells, true);
  render();
  profile.dress();
  controls();
});
byId("surface").addEventListener("click", async () => {
  if (!grid) return;
  const address = "/static/surface.js";
  const { drawSurface } = await import(address);
  byId<HTMLDialogElement>("surface-dialog").showModal();
  drawSurface(byId<HTMLCanvasElement>("surface-canvas"), grid, usdByCell, view);
});
byId("surface-close").addEventListener("click", () => byId<HTMLDialogElement>("surface-dialog").close());
addEventListener("popstate", () => {
  state = { ...readState(), theme: state.theme };
  chart.price = state.price;
  void guarded(() => show(false));
});
addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || /^(select|input)$/i.test(target.tagName)) return;
  const names = [...byId("windows").querySelectorAll("button")].map((button) => button.dataset.window!);
  const at = names.indexOf(state.window);
  const places = coins.map((one) => one.coin);
  const here = places.indexOf(state.coin);
  const actions: Record<string, () => void> = {
    "[": () => at > 0 && change({ window: names[at - 1] }),
    "]": () => at < names.length - 1 && change({ window: names[at + 1] }),
    n: () => change({ coin: places[(here + 1) % places.length] }),
    p: () => change({ coin: places[(here - 1 + places.length) % places.length] }),
    "+": () => chart.zoom(0.7),
    "-": () => chart.zoom(1 / 0.7),
    "0": () => chart.fit(view),
    t: () => byId("theme").click(),
    ArrowLeft: () => chart.chart.timeScale().scrollToPosition(chart.chart.timeScale().scrollPosition() - 10, false),
    ArrowRight: () => chart.chart.timeScale().scrollToPosition(chart.chart.timeScale().scrollPosition() + 10, false),
  };
  const action = actions[event.key];
  if (!action || (event.key.startsWith("Arrow") && target.id !== "chart")) return;
  event.preventDefault();
  action();
});

void guarded(start);
