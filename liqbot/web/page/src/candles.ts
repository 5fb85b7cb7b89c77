// Candles in few strokes: all wicks, all bodies, then what is hollow. A border of four sides for each took the
// largest part of a frame.

import {
  customSeriesDefaultOptions,
  type CustomData,
  type CustomSeriesOptions,
  type CustomSeriesWhitespaceData,
  type ICustomSeriesPaneRenderer,
  type ICustomSeriesPaneView,
  type PaneRendererCustomData,
  type PriceToCoordinateConverter,
  type Time,
} from "lightweight-charts";

type Target = Parameters<ICustomSeriesPaneRenderer["draw"]>[0];

export interface Candle extends CustomData<Time> {
  open: number;
  high: number;
  low: number;
  close: number;
}

export interface CandleOptions extends CustomSeriesOptions {
  /** Of wicks and of what price fell in. */
  ink: string;
  /** Of what price rose in. */
  paper: string;
}

export class Candles implements ICustomSeriesPaneView<Time, Candle, CandleOptions> {
  private data?: PaneRendererCustomData<Time, Candle>;
  private options?: CandleOptions;
  private readonly drawn: ICustomSeriesPaneRenderer = { draw: (target, toY) => this.draw(target, toY) };

  renderer(): ICustomSeriesPaneRenderer {
    return this.drawn;
  }

  update(data: PaneRendererCustomData<Time, Candle>, options: CandleOptions): void {
    [this.data, this.options] = [data, options];
  }

  priceValueBuilder(row: Candle): number[] {
    return [row.high, row.low, row.close];
  }

  isWhitespace(row: Candle | CustomSeriesWhitespaceData<Time>): row is CustomSeriesWhitespaceData<Time> {
    return (row as Partial<Candle>).close === undefined;
  }

  defaultOptions(): CandleOptions {
    return { ...customSeriesDefaultOptions, ink: "#fff", paper: "#000" } as CandleOptions;
  }

  private draw(target: Target, toY: PriceToCoordinateConverter): void {
    const { data, options } = this;
    if (!data?.visibleRange || !options) return;
    const { from, to } = data.visibleRange;
    target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio: h, verticalPixelRatio: v }) => {
      const line = Math.max(1, Math.floor(h));
      // As odd as a wick, so that it stands in the middle.
      let wide = Math.max(line, Math.floor(data.barSpacing * 0.75 * h));
      if (wide > line && (wide - line) % 2) wide--;
      const hollow: [number, number, number][] = [];
      context.fillStyle = options.ink;
      for (let at = from; at < to; at++) {
        const { x, originalData: row } = data.bars[at];
        const middle = Math.round(x * h);
        const y = (price: number): number => Math.round((toY(price) ?? 0) * v);
        const [high, low] = [y(row.high), y(row.low)];
        context.fillRect(middle - (line >> 1), high, line, low - high + 1);
        if (wide <= line) continue;
        const rises = row.close > row.open;
        const top = y(rises ? row.close : row.open);
        const tall = y(rises ? row.open : row.close) - top + 1;
        const left = middle - (wide >> 1);
        context.fillRect(left, top, wide, tall);
        if (rises && wide > 2 * line && tall > 2 * line) hollow.push([left + line, top + line, tall - 2 * line]);
      }
      context.fillStyle = options.paper;
      for (const [left, top, tall] of hollow) context.fillRect(left, top, wide - 2 * line, tall);
    });
  }
}
