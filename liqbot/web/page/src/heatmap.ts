// The heatmap under the candles: one image, since bins are even in ln(price) and the price axis is logarithmic.

import type {
  IChartApi,
  ISeriesApi,
  ISeriesPrimitive,
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  SeriesAttachedParameter,
  SeriesType,
  Time,
} from "lightweight-charts";
import type { Grid } from "./api";
import type { Scale } from "./heat";

type Target = Parameters<IPrimitivePaneRenderer["draw"]>[0];

export interface Band {
  low: number;
  high: number;
  colour: string;
}

export class Heatmap implements ISeriesPrimitive<Time> {
  private chart?: IChartApi;
  private series?: ISeriesApi<SeriesType>;
  private requestUpdate?: () => void;
  private image?: HTMLCanvasElement;
  private grid?: Grid;
  private columns = 0;
  private bottom = 0;
  private top = 0;
  private readonly view: IPrimitivePaneView;
  private band?: Band;

  constructor() {
    const renderer: IPrimitivePaneRenderer = { draw: () => undefined, drawBackground: (target) => this.draw(target) };
    this.view = { zOrder: () => "bottom", renderer: () => renderer };
  }

  attached({ chart, series, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.chart = chart as unknown as IChartApi;
    this.series = series as ISeriesApi<SeriesType>;
    this.requestUpdate = requestUpdate;
  }

  detached(): void {
    this.chart = this.series = this.requestUpdate = undefined;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  /** Shows these cells; rows without money at either end are cut off. `columns` places each column on the time axis. */
  show(grid: Grid, usd: Float64Array, scale: Scale): void {
    const bins = grid.bins.count;
    const columns = grid.time_ms.length;
    let low = bins;
    let high = 0;
    for (let place = 0; place < usd.length; place++)
      if (usd[place] > 0) {
        const bin = place % bins;
        if (bin < low) low = bin;
        if (bin > high) high = bin;
      }
    if (low > high) [low, high] = [0, 0];
    const rows = high - low + 1;
    const canvas = document.createElement("canvas");
    canvas.width = columns;
    canvas.height = rows;
    const context = canvas.getContext("2d")!;
    const pixels = context.createImageData(columns, rows);
    for (let column = 0; column < columns; column++)
      for (let row = 0; row < rows; row++) {
        const value = usd[column * bins + low + row];
        if (value <= 0) continue;
        const [r, g, b] = scale.rgb(value);
        const at = ((rows - 1 - row) * columns + column) * 4;
        pixels.data[at] = r;
        pixels.data[at + 1] = g;
        pixels.data[at + 2] = b;
        pixels.data[at + 3] = 255;
      }
    context.putImageData(pixels, 0, 0);
    this.image = canvas;
    this.grid = grid;
    this.columns = columns;
    this.bottom = Math.exp((grid.bins.first + low) * grid.bins.width);
    this.top = Math.exp((grid.bins.first + high + 1) * grid.bins.width);
    this.requestUpdate?.();
  }

  /** Highlights the prices of a cluster, from one end of the picture to the other. */
  highlight(band?: Band): void {
    this.band = band;
    this.requestUpdate?.();
  }

  private draw(target: Target): void {
    const { chart, series, image } = this;
    if (!chart || !series || !image || !this.grid) return;
    const scale = chart.timeScale();
    const spacing = scale.options().barSpacing;
    const left = scale.logicalToCoordinate(0 as never);
    const above = series.priceToCoordinate(this.top);
    const below = series.priceToCoordinate(this.bottom);
    if (left === null || above === null || below === null) return;
    target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio: h, verticalPixelRatio: v, bitmapSize }) => {
      context.imageSmoothingEnabled = false;
      const x = (left - spacing / 2) * h;
      context.drawImage(image, x, above * v, this.columns * spacing * h, (below - above) * v);
      if (this.band) {
        const y = series.priceToCoordinate(this.band.high);
        const end = series.priceToCoordinate(this.band.low);
        if (y !== null && end !== null) {
          context.fillStyle = this.band.colour;
          context.globalAlpha = 0.25;
          context.fillRect(0, y * v, bitmapSize.width, Math.max(2 * v, (end - y) * v));
          context.globalAlpha = 1;
        }
      }
    });
  }
}
