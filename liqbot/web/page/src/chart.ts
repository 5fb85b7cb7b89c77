// Price against time: candles or a line over the heatmap, with pan, zoom, pinch and a crosshair.

import {
  CrosshairMode,
  LineSeries,
  PriceScaleMode,
  createChart,
  createSeriesMarkers,
  type AutoscaleInfo,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type SeriesType,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { Candles, type Candle, type CandleOptions } from "./candles";
import type { Cluster, Grid, MarketEvent, View } from "./api";
import { price as priceText } from "./figures";
import { Heatmap, type Band } from "./heatmap";
import type { Scale } from "./heat";
import { ClusterTags } from "./tags";

export interface Hover {
  column: number;
  bin: number;
  price: number;
  x: number;
  y: number;
}

const colours = new Map<string, string>();

/** A colour of the theme; the browser is asked once for each, as it is needed in every frame. */
export function colour(name: string): string {
  let found = colours.get(name);
  if (found === undefined) {
    found = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    colours.set(name, found);
  }
  return found;
}

export class PriceChart {
  readonly chart: IChartApi;
  private series!: ISeriesApi<SeriesType>;
  private heatmap!: Heatmap;
  private tags!: ClusterTags;
  private markers!: ISeriesMarkersPluginApi<Time>;
  private spotLine?: IPriceLine;
  private grid?: Grid;
  private times: number[] = [];
  private dragged = false;
  private kind: "candles" | "line" = "candles";
  private range?: { minValue: number; maxValue: number };

  constructor(
    private readonly box: HTMLElement,
    private readonly onHover: (hover: Hover | null) => void,
  ) {
    this.chart = createChart(box, {
      autoSize: true,
      layout: { attributionLogo: true, fontFamily: "inherit", fontSize: 12 },
      crosshair: { mode: CrosshairMode.Normal },
      rightPriceScale: { mode: PriceScaleMode.Logarithmic, scaleMargins: { top: 0.02, bottom: 0.02 } },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 2, minBarSpacing: 0.2 },
      localization: { priceFormatter: priceText },
      handleScale: { axisPressedMouseMove: true },
    });
    this.chart.subscribeCrosshairMove((move) => {
      const grid = this.grid;
      if (!move.point || !grid || move.logical === undefined) return this.onHover(null);
      const at = this.series.coordinateToPrice(move.point.y);
      if (at === null || at <= 0) return this.onHover(null);
      const column = Math.min(grid.time_ms.length - 1, Math.max(0, Math.round(move.logical)));
      const bin = Math.floor(Math.log(at) / grid.bins.width) - grid.bins.first;
      this.onHover({ column, bin, price: at, x: move.point.x, y: move.point.y });
    });
    this.begin();
    this.dress();
  }

  /** While the chart is dragged, what follows the pointer is not shown: its canvases are as large as the chart's own. */
  set isDragged(dragged: boolean) {
    if (dragged === this.dragged) return;
    this.dragged = dragged;
    for (const canvas of this.box.querySelectorAll("canvas"))
      if (canvas.style.zIndex === "2") canvas.style.visibility = dragged ? "hidden" : "";
  }

  /** Colours follow the theme. */
  dress(): void {
    colours.clear();
    this.chart.applyOptions({
      layout: { background: { color: colour("--panel") }, textColor: colour("--soft") },
      grid: { vertLines: { visible: false }, horzLines: { visible: false } },
      rightPriceScale: { borderColor: colour("--rule") },
      timeScale: { borderColor: colour("--rule") },
      crosshair: {
        vertLine: { color: colour("--dim"), labelBackgroundColor: colour("--rule") },
        horzLine: { color: colour("--dim"), labelBackgroundColor: colour("--rule") },
      },
    });
    this.dressSeries();
  }

  set price(kind: "candles" | "line") {
    if (kind === this.kind) return;
    this.kind = kind;
    this.chart.removeSeries(this.series);
    this.begin();
    this.dressSeries();
  }

  /** Shows a grid; the price range is what price did, the nearest heavy clusters, and at least ±5%. */
  show(grid: Grid, usd: Float64Array, scale: Scale, view: View | undefined, keepZoom: boolean): void {
    this.grid = grid;
    this.times = grid.time_ms.map((time) => Math.floor(time / 1000));
    for (let at = 1; at < this.times.length; at++) this.times[at] = Math.max(this.times[at], this.times[at - 1] + 1);
    const range = keepZoom ? this.chart.timeScale().getVisibleLogicalRange() : null;
    this.series.setData(this.rows(grid) as never);
    this.heatmap.show(grid, usd, scale);
    if (range) this.chart.timeScale().setVisibleLogicalRange(range);
    else this.fit(view);
  }

  /** Back to the whole window and its own price range. */
  fit(view: View | undefined): void {
    this.chart.timeScale().fitContent();
    const grid = this.grid;
    if (!grid) return;
    const spot = view?.spot ?? grid.spot[grid.spot.length - 1];
    let low = Math.min(spot * 0.95, ...grid.low);
    let high = Math.max(spot * 1.05, ...grid.high);
    for (const cluster of nearestHeavy(view)) {
      low = Math.min(low, cluster.low * 0.995);
      high = Math.max(high, cluster.high * 1.005);
    }
    this.range = { minValue: low, maxValue: high };
    this.chart.priceScale("right").applyOptions({ autoScale: true });
  }

  zoom(factor: number): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (!range) return;
    const end = range.to;
    this.chart.timeScale().setVisibleLogicalRange({ from: end - (end - range.from) * factor, to: end });
  }

  spot(value: number): void {
    if (this.spotLine) this.series.removePriceLine(this.spotLine);
    this.spotLine = this.series.createPriceLine({
      price: value,
      color: colour("--text"),
      lineWidth: 1,
      lineStyle: 2,
      axisLabelVisible: true,
      title: "",
    });
  }

  events(events: MarketEvent[]): void {
    const marks: SeriesMarker<Time>[] = [];
    for (const event of events) {
      if (event.price === null || event.side === null) continue;
      const swept = event.kind === "swept";
      if (!swept && event.kind !== "liquidation") continue;
      const at = this.nearest(event.time_ms / 1000);
      if (at === undefined) continue;
      marks.push({
        time: at as UTCTimestamp,
        position: "atPriceMiddle",
        price: event.price,
        shape: swept ? "square" : "circle",
        color: colour(event.side === "long" ? "--long" : "--short"),
        // Small, so that they mark the price and do not hide it.
        size: Math.min(1, Math.max(0.25, Math.sqrt((event.usd ?? 0) / 1e7))),
      });
    }
    marks.sort((one, other) => Number(one.time) - Number(other.time));
    this.markers.setMarkers(marks);
  }

  /** Names clusters on the chart; `bound` stands before their dollars. */
  name(clusters: Cluster[], spot: number, bound: string): void {
    this.tags.show(clusters, spot, bound);
  }

  highlight(band?: Band): void {
    this.heatmap.highlight(band);
  }

  priceToY(value: number): number | null {
    return this.series.priceToCoordinate(value);
  }

  private begin(): void {
    this.series =
      this.kind === "candles"
        ? this.chart.addCustomSeries<Candle, CandleOptions>(new Candles(), { lastValueVisible: false, priceLineVisible: false })
        : this.chart.addSeries(LineSeries, { lineWidth: 2, lastValueVisible: false, priceLineVisible: false });
    // While nobody has dragged the axis, it shows the range of `fit`.
    this.series.applyOptions({
      autoscaleInfoProvider: (own: () => AutoscaleInfo | null) => (this.range ? { priceRange: this.range } : own()),
    });
    this.heatmap = new Heatmap();
    this.series.attachPrimitive(this.heatmap as never);
    this.markers = createSeriesMarkers(this.series, []);
    this.tags = new ClusterTags(colour); // last, so that marks do not cover their words
    this.series.attachPrimitive(this.tags as never);
    this.spotLine = undefined;
  }

  private dressSeries(): void {
    const text = colour("--text");
    if (this.kind === "line") this.series.applyOptions({ color: text } as never);
    else this.series.applyOptions({ ink: text, paper: colour("--panel") } as never);
  }

  private rows(grid: Grid): object[] {
    return this.times.map((time, at) => {
      const open = at > 0 ? grid.spot[at - 1] : grid.spot[at];
      const close = grid.spot[at];
      if (this.kind === "line") return { time, value: close };
      return { time, open, close, high: Math.max(grid.high[at], open, close), low: Math.min(grid.low[at], open, close) };
    });
  }

  private nearest(second: number): number | undefined {
    const { times } = this;
    if (!times.length || second < times[0] - 3600) return undefined;
    let at = times.findIndex((time) => time >= second);
    if (at < 0) at = times.length - 1;
    return times[at];
  }
}

/** The nearest cluster that matters on each side: at least a quarter of the heaviest within 30%. */
function nearestHeavy(view: View | undefined) {
  if (!view) return [];
  return (["long", "short"] as const).flatMap((side) => {
    const near = view.clusters.filter((cluster) => cluster.side === side && Math.abs(cluster.distance_pct) <= 15);
    const most = Math.max(0, ...near.map((cluster) => cluster.usd));
    const heavy = near.filter((cluster) => cluster.usd >= most / 4);
    heavy.sort((one, other) => Math.abs(one.distance_pct) - Math.abs(other.distance_pct));
    return heavy.slice(0, 1);
  });
}
