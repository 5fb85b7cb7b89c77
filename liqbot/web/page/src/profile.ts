// Beside the chart, on the same price axis: what stands now at each price, and the sum of what a move would force.

import type { View } from "./api";
import { usd } from "./figures";
import { colour, type PriceChart } from "./chart";

export class Profile {
  private readonly canvas: HTMLCanvasElement;
  private readonly reach: HTMLElement;
  private view?: View;
  private drawn = "";
  private width = 0;
  private height = 0;

  constructor(
    box: HTMLElement,
    private readonly chart: PriceChart,
  ) {
    this.canvas = box.appendChild(document.createElement("canvas"));
    this.canvas.setAttribute("role", "img");
    this.reach = box.appendChild(document.createElement("small"));
    // Asking for the size in every frame would have the whole page laid out in each.
    new ResizeObserver(([{ contentRect }]) => {
      [this.width, this.height] = [contentRect.width, contentRect.height];
    }).observe(box);
    const look = (): void => {
      this.draw(false);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }

  show(view: View): void {
    this.view = view;
    this.canvas.setAttribute("aria-label", `Forced orders by price now. ${view.provenance}`);
    this.draw(true);
  }

  dress(): void {
    this.draw(true);
  }

  /** Draws anew where something moved: the axis belongs to the chart, which does not tell of it. */
  private draw(anyway: boolean): void {
    const { view, canvas, width, height } = this;
    if (!view) return;
    const y1 = this.chart.priceToY(view.spot);
    const y2 = this.chart.priceToY(view.spot * 1.01);
    const key = `${width},${height},${y1},${y2}`;
    if (y1 === null || y2 === null || width === 0 || (!anyway && key === this.drawn)) return;
    this.drawn = key;
    const ratio = devicePixelRatio || 1;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== across || canvas.height !== down) {
      [canvas.width, canvas.height] = [across, down];
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const paint = colour;
    const context = canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    // y is linear in ln(price): two points tell the rest.
    const slope = (y2 - y1) / Math.log(1.01);
    const toY = (value: number): number => y1 + slope * Math.log(value / view.spot);
    const binAt = (y: number): number => (Math.log(view.spot) + (y - y1) / slope) / view.map.width - view.map.first;
    this.fuelZone(context, toY, width, paint("--zone"));
    const seen: [number, number] = [
      Math.max(0, Math.floor(binAt(height + 5))),
      Math.min(view.map.long.length, Math.ceil(binAt(-5))),
    ];
    const reach = this.bars(context, toY, width, seen, paint);
    this.curves(context, toY, width, height, paint);
    context.strokeStyle = paint("--text");
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(0, y1);
    context.lineTo(width, y1);
    context.stroke();
    context.setLineDash([]);
    const words = width > 100 ? `bars up to ${usd(reach)} per 0.1%` : `≤ ${usd(reach)}`;
    if (this.reach.textContent !== words) this.reach.textContent = words; // text costs a layout
  }

  private fuelZone(context: CanvasRenderingContext2D, toY: (value: number) => number, width: number, fill: string): void {
    const { spot } = this.view!;
    context.fillStyle = fill;
    context.fillRect(0, toY(spot * 1.05), width, toY(spot * 0.95) - toY(spot * 1.05));
  }

  private bars(
    context: CanvasRenderingContext2D,
    toY: (value: number) => number,
    width: number,
    [from, to]: [number, number],
    paint: (name: string) => string,
  ): number {
    const { map } = this.view!;
    let reach = 1;
    const edges = (bin: number): number => Math.exp((map.first + bin) * map.width);
    for (let bin = from; bin < to; bin++) reach = Math.max(reach, map.long[bin], map.short[bin]);
    for (const [side, name] of [
      [map.long, "--long"],
      [map.short, "--short"],
    ] as const) {
      context.fillStyle = paint(name);
      for (let bin = from; bin < to; bin++) {
        if (side[bin] <= 0) continue;
        const top = toY(edges(bin + 1));
        const thick = Math.max(1, toY(edges(bin)) - top);
        context.fillRect(0, top, (side[bin] / reach) * width * 0.8, thick);
      }
    }
    return reach;
  }

  private curves(
    context: CanvasRenderingContext2D,
    toY: (value: number) => number,
    width: number,
    height: number,
    paint: (name: string) => string,
  ): void {
    const { map, spot } = this.view!;
    const here = Math.floor(Math.log(spot) / map.width) - map.first;
    const sums = (from: number, step: number, side: number[]): [number, number][] => {
      const points: [number, number][] = [];
      let sum = 0;
      for (let bin = from; bin >= 0 && bin < side.length; bin += step) {
        sum += side[bin];
        const y = toY(Math.exp((map.first + bin + (step > 0 ? 1 : 0)) * map.width));
        if (y < -5 || y > height + 5) break;
        points.push([sum, y]);
      }
      return points;
    };
    const up = sums(here, 1, map.short);
    const down = sums(here, -1, map.long);
    const most = Math.max(1, ...[up, down].map((points) => points[points.length - 1]?.[0] ?? 0));
    for (const [points, name] of [
      [up, "--short-tint"],
      [down, "--long-tint"],
    ] as const) {
      context.strokeStyle = paint(name);
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(0, toY(spot));
      for (const [sum, y] of points) context.lineTo((sum / most) * (width - 8), y);
      context.stroke();
      const last = points[points.length - 1];
      if (!last) continue;
      context.fillStyle = paint(name);
      context.font = "600 12px system-ui, sans-serif";
      context.textAlign = "right";
      const words = usd(last[0]);
      const line = Math.min(height - 6, Math.max(14, last[1] + (name === "--short-tint" ? 14 : -6)));
      const room = context.measureText(words).width + 6;
      context.globalAlpha = 0.85; // so that the curve does not strike it through
      context.fillStyle = paint("--panel");
      context.fillRect(width - 1 - room, line - 12, room, 16);
      context.globalAlpha = 1;
      context.fillStyle = paint(name);
      context.fillText(words, width - 4, line);
    }
  }
}
