// The clusters that matter, named on the chart: dollars, price and distance, the nearest and the heaviest of each side.

import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesApi,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  SeriesType,
  Time,
} from "lightweight-charts";
import type { Cluster } from "./api";
import { percent, price, usd } from "./figures";

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];

const APART = 24;
/** So many pixels around the price stay free of tags. */
const CLEAR = 16;

export class ClusterTags implements ISeriesPrimitive<Time> {
  private series?: ISeriesApi<SeriesType>;
  private requestUpdate?: () => void;
  private clusters: Cluster[] = [];
  private spot = 0;
  private bound = "";
  private readonly view: IPrimitivePaneView;

  constructor(private readonly paint: (name: string) => string) {
    const renderer: IPrimitivePaneRenderer = { draw: (target) => this.draw(target) };
    this.view = { zOrder: () => "normal", renderer: () => renderer };
  }

  attached({ series, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.series = series as ISeriesApi<SeriesType>;
    this.requestUpdate = requestUpdate;
  }

  detached(): void {
    this.series = this.requestUpdate = undefined;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  /** `bound` stands before dollars: `up to ` where the map is modelled. */
  show(clusters: Cluster[], spot: number, bound: string): void {
    [this.clusters, this.spot, this.bound] = [clusters, spot, bound];
    this.requestUpdate?.();
  }

  private draw(target: Target): void {
    const { series } = this;
    if (!series || !this.clusters.length) return;
    target.useMediaCoordinateSpace(({ context, mediaSize: { width, height } }) => {
      const spotY = series.priceToCoordinate(this.spot) ?? -1000;
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.lineJoin = "round";
      const paper = this.paint("--bg");
      for (const [cluster, at] of this.placed(series, spotY, height, width < 500 ? 2 : 3)) {
        const tint = this.paint(cluster.side === "long" ? "--long-tint" : "--short-tint");
        const place = `${price(cluster.price)} (${percent(cluster.distance_pct, true)})`;
        context.font = "500 12px system-ui, sans-serif";
        const room = context.measureText(place).width;
        const dollars = this.bound + usd(cluster.usd);
        context.font = "700 14px system-ui, sans-serif";
        const whole = context.measureText(dollars).width + room + 20;
        context.globalAlpha = 0.82;
        context.fillStyle = paper;
        context.fillRect(width - whole - 6, at - 11, whole, 22);
        context.globalAlpha = 1;
        context.fillStyle = this.paint("--text");
        context.fillText(dollars, width - room - 18, at + 0.5);
        context.font = "500 12px system-ui, sans-serif";
        context.fillStyle = tint;
        context.fillText(place, width - 12, at + 0.5);
      }
    });
  }

  /** Each cluster that is named with the middle of its tag: moved as little as possible, so that none covers another. */
  private placed(
    series: ISeriesApi<SeriesType>,
    spotY: number,
    height: number,
    most: number,
  ): [Cluster, number][] {
    const [top, bottom] = [12, height - 22];
    const chosen = this.chosen(series, height, most);
    return (["short", "long"] as const).flatMap((side) => {
      const from = side === "long" ? Math.max(top, spotY + CLEAR) : top;
      const to = side === "short" ? Math.min(bottom, spotY - CLEAR) : bottom;
      const room = Math.max(0, Math.floor((to - from) / APART) + 1);
      const own = chosen
        .filter((one) => one.side === side)
        .slice(0, room)
        .map((one): [Cluster, number] => [one, series.priceToCoordinate(one.price)!])
        .sort((one, other) => one[1] - other[1]);
      own.forEach((one, at) => (one[1] = Math.max(one[1], at ? own[at - 1][1] + APART : from)));
      for (let at = own.length - 1; at >= 0; at--)
        own[at][1] = Math.min(own[at][1], at < own.length - 1 ? own[at + 1][1] - APART : to);
      return own;
    });
  }

  /** What is in sight: of each side the nearest that matters, then the heaviest. */
  private chosen(series: ISeriesApi<SeriesType>, height: number, most: number): Cluster[] {
    return (["short", "long"] as const).flatMap((side) => {
      const seen = this.clusters.filter((one) => {
        const y = one.side === side ? series.priceToCoordinate(one.price) : null;
        return y !== null && y >= 0 && y <= height;
      });
      seen.sort((one, other) => other.usd - one.usd);
      const heavy = seen.filter((one) => one.usd >= (seen[0]?.usd ?? 0) / 4);
      const nearest = [...heavy].sort((one, other) => Math.abs(one.distance_pct) - Math.abs(other.distance_pct));
      return [...new Set([...nearest.slice(0, 1), ...seen])].slice(0, most);
    });
  }
}
