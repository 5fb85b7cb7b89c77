// The public API as the page reads it. Shapes are those of /api/v1, described at /api/docs.

export type Side = "long" | "short";
export type BySide<T> = { long: T; short: T };

export interface Layer {
  key: string;
  venue: string;
  basis: "measured" | "modelled";
  origin: "live" | "recorded" | "simulated";
  label: string;
}

export interface Cluster {
  id: string;
  side: Side;
  price: number;
  low: number;
  high: number;
  usd: number;
  accounts: number | null;
  whale_share: number | null;
  distance_pct: number;
  since_ms: number;
}

export interface Cohort {
  cohort: string;
  accounts: number;
  open_usd: BySide<number>;
  fuel_usd: BySide<number>;
  underwater: BySide<number | null>;
}

export interface Reading {
  layer: Layer;
  time_ms: number;
  spot: number;
  ratio: number | null;
  regime: string;
  up_usd: number;
  down_usd: number;
}

export interface View extends Reading {
  coin: string;
  /** Each side was divided by its own coverage first. */
  ratio_scaled: boolean;
  low: number;
  high: number;
  coverage: number | null;
  age_s: number | null;
  oldest_s: number | null;
  funding: number | null;
  open_interest_usd: number | null;
  open_usd: BySide<number>;
  accounts: BySide<number>;
  trapped: { underwater: BySide<number | null>; deep: BySide<number | null> };
  cohorts: Cohort[];
  clusters: Cluster[];
  map: { first: number; width: number; long: number[]; short: number[] };
  others: Reading[];
  provenance: string;
  venues: Record<string, string>;
  tiers: number[];
}

export interface Grid {
  coin: string;
  layer: Layer;
  window: string;
  time_ms: number[];
  until_ms: number[];
  spot: number[];
  low: number[];
  high: number[];
  bins: { first: number; count: number; width: number };
  /** Cells below are told as nothing. */
  least_usd: number;
  /** Base64 of zlib of little-endian uint16 codes, bin after bin, along time each XOR the one before. */
  usd: string;
}

export interface MarketEvent {
  id: number;
  time_ms: number;
  kind: string;
  side: Side | null;
  price: number | null;
  usd: number | null;
  text: string;
}

export interface HistoryRow {
  time_ms: number;
  spot: number;
  ratio: number | null;
  regime: string;
  up_usd: number;
  down_usd: number;
  funding: number | null;
  open_interest_usd: number | null;
}

export interface Alert {
  id: number;
  coin: string;
  rule: string;
  time_ms: number;
  title: string;
  text: string;
  side: Side | null;
}

export interface Band {
  share: number;
  bid_usd: number | null;
  ask_usd: number | null;
}

export interface Book {
  venue: string;
  book: {
    venue: string;
    age_s: number;
    mid: number;
    spread_pct: number;
    bands: Band[];
    walls: { side: Side; price: number; usd: number; distance_pct: number }[];
    /** Sales first (`short`), then purchases. */
    orders: { side: Side; usd: number; moved_pct: number | null; known_usd: number }[];
  } | null;
}

export interface Liquidations {
  long_usd: number;
  short_usd: number;
  count: number;
  is_lower_bound: boolean;
  hour_usd: number;
  usual_hour_usd: number | null;
  venues: { venue: string; long_usd: number; short_usd: number; count: number; sampled: boolean }[];
  largest: { venue: string; time_ms: number; side: Side; price: number; usd: number }[];
}

/** An estimate, between which values it lies with 95%, and what it rests on. */
export interface Range {
  value: number;
  low: number;
  high: number;
  count: number;
  days: number;
}

export interface Past {
  since_ms: number;
  until_ms: number;
  readings: HistoryRow[];
  shares: { regime: string; share: number }[];
  after: { regime: string; horizon_ms: number; its_way: Range | null; at_any_time: Range | null }[];
}

export interface Score {
  horizon_ms: number;
  count: number;
  reached: number;
  gone: number;
  rate: Range | null;
  mirrored: Range | null;
  empty: Range | null;
  walk: Range | null;
  over_empty: Range | null;
  over_mirrored: Range | null;
  overshoot_pct: Range | null;
  after_pct: (Range | null)[];
  liquidated: Range | null;
}

export interface Scoreboard {
  window: string;
  within_pct: number;
  cases: number;
  tells_liquidations: boolean;
  horizons: Score[];
  groups: { by: string; name: string; score: Score }[];
}

export interface ModelScore {
  coin: string;
  label: string;
  maps: number;
  rank: [number, number, number] | null;
  size: [number, number, number] | null;
  bits: [number, number, number] | null;
}

export interface Account {
  venue: string;
  time_ms: number;
  is_newest: boolean;
  equity_usd: number | null;
  long_usd: number;
  short_usd: number;
  positions: {
    coin: string;
    side: Side;
    usd: number;
    entry: number;
    liquidation: number | null;
    distance_pct: number | null;
    profit_usd: number;
    leverage: number | null;
  }[];
}

export interface CoinInfo {
  coin: string;
  spot: number;
  regime: string;
  layers: Layer[];
}

/** What the server says is wrong with a request, in words. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const BASE = "/api/v1";

async function get<T>(path: string, parameters: Record<string, string | undefined> = {}): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  const suffix = query.size ? `?${query}` : "";
  const response = await fetch(`${BASE}${path}${suffix}`, { headers: { Accept: "application/json" } });
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new ApiError(problem.detail ?? problem.title ?? response.statusText, response.status);
  }
  return response.json();
}

export interface Part {
  venue?: string;
  tier?: string;
  opened?: string;
}

export const api = {
  coins: () => get<{ coins: CoinInfo[]; windows: string[]; version: string }>("/coins"),
  view: (coin: string, part: Part) => get<View>(`/coins/${coin}/view`, { ...part }),
  grid: (coin: string, window: string, part: Part) =>
    get<Grid>(`/coins/${coin}/grid`, { window, ...part }),
  events: (coin: string, window: string, part: Part) =>
    get<{ events: MarketEvent[] }>(`/coins/${coin}/events`, { window, venue: part.venue }),
  history: (coin: string, part: Part) =>
    get<{ rows: HistoryRow[] }>(`/coins/${coin}/history`, { venue: part.venue }),
  book: (coin: string, part: Part) => get<Book>(`/coins/${coin}/book`, { venue: part.venue }),
  liquidations: (coin: string, window: string, part: Part) =>
    get<Liquidations>(`/coins/${coin}/liquidations`, { window, venue: part.venue }),
  past: (coin: string, window: string, part: Part) =>
    get<Past>(`/coins/${coin}/readings`, { window, venue: part.venue }),
  scoreboard: (coin: string, window: string, part: Part) =>
    get<Scoreboard>(`/coins/${coin}/scoreboard`, { window, venue: part.venue }),
  modelScores: () => get<{ scores: ModelScore[] }>("/model-scores"),
  account: (address: string) => get<Account>(`/account/${encodeURIComponent(address)}`),
  alerts: (coin: string) => get<{ alerts: Alert[] }>("/alerts", { coin }),
};

/** Decodes the cells of a grid: dollars by column and bin, bins rising with price. */
export async function cells(grid: Grid): Promise<Float64Array> {
  const squeezed = Uint8Array.from(atob(grid.usd), (letter) => letter.charCodeAt(0));
  const stream = new Blob([squeezed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const codes = new Uint16Array(await new Response(stream).arrayBuffer());
  const { count } = grid.bins;
  const columns = grid.time_ms.length;
  const last = grid.spot[columns - 1];
  const usd = new Float64Array(codes.length);
  for (let bin = 0; bin < count; bin++)
    for (let column = 0, code = 0; column < columns; column++) {
      code ^= codes[bin * columns + column];
      // A code is what the cell would be worth at the last price, in steps of its logarithm.
      if (code) usd[column * count + bin] = (Math.exp((code - 1) / STEPS) * grid.spot[column]) / last;
    }
  return usd;
}

const STEPS = 2_000;
