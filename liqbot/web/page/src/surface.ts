// The 3D map, loaded on demand: the grid as a landscape of price, time and dollars, turned by dragging.

import type { Grid, View } from "./api";
import { clock, price, usd } from "./figures";
import { Scale } from "./heat";

const COLUMNS = 90;
const ROWS = 110;

export function drawSurface(canvas: HTMLCanvasElement, grid: Grid, cells: Float64Array, view?: View): void {
  const theme = document.documentElement.dataset.theme === "light" ? "light" : "dark";
  const { heights, low, high } = sample(grid, cells, view);
  const scale = new Scale(heights, theme);
  const most = heights.reduce((one, other) => Math.max(one, other), 1);
  let turn = -0.55;
  const context = canvas.getContext("2d")!;
  const paint = getComputedStyle(document.documentElement);
  const draw = (): void => {
    const { width, height } = canvas;
    context.fillStyle = paint.getPropertyValue("--bg");
    context.fillRect(0, 0, width, height);
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const project = (column: number, row: number, up: number): [number, number] => {
      const x = column / (COLUMNS - 1) - 0.5;
      const z = row / (ROWS - 1) - 0.5;
      const [rx, rz] = [x * cos - z * sin, x * sin + z * cos];
      return [width / 2 + rx * width * 0.62, height * 0.62 + rz * height * 0.42 - up * height * 0.38];
    };
    // The farthest first: depth is the turned z.
    const rowsAway = cos >= 0 ? range(ROWS) : range(ROWS).reverse();
    const columnsAway = sin >= 0 ? range(COLUMNS) : range(COLUMNS).reverse();
    for (const row of rowsAway)
      for (const column of columnsAway) {
        if (column === COLUMNS - 1 || row === ROWS - 1) continue;
        const value = heights[column * ROWS + row];
        const at = (c: number, r: number): [number, number] =>
          project(c, r, Math.sqrt(heights[c * ROWS + r] / most));
        const [a, b, c, d] = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)];
        context.fillStyle = value > 0 ? scale.css(value) : paint.getPropertyValue("--panel");
        context.beginPath();
        context.moveTo(...a);
        for (const point of [b, c, d]) context.lineTo(...point);
        context.fill();
      }
    context.fillStyle = paint.getPropertyValue("--soft");
    context.font = "16px system-ui, sans-serif";
    const end = grid.time_ms.length - 1;
    context.fillText(`${grid.coin}: ${price(low)} to ${price(high)}, ${clock(grid.time_ms[0])} to ${clock(grid.time_ms[end])}`, 16, 26);
    context.fillText(`highest ${usd(most)} per cell; ${grid.layer.label}. Drag to turn.`, 16, height - 16);
  };
  canvas.onpointerdown = (event) => canvas.setPointerCapture(event.pointerId);
  canvas.onpointermove = (event) => {
    if (!event.buttons) return;
    turn += event.movementX / 200;
    requestAnimationFrame(draw);
  };
  canvas.tabIndex = 0;
  canvas.setAttribute("aria-label", "Landscape of forced orders; left and right arrows turn it");
  canvas.onkeydown = (event) => {
    if (!event.key.startsWith("Arrow")) return;
    turn += event.key === "ArrowLeft" ? -0.1 : 0.1;
    draw();
  };
  draw();
}

const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** The cells within 12% of spot, the most of each block, so that no peak is lost. */
function sample(grid: Grid, cells: Float64Array, view?: View) {
  const spot = view?.spot ?? grid.spot[grid.spot.length - 1];
  const { first, count, width } = grid.bins;
  const from = Math.max(0, Math.floor(Math.log(spot * 0.88) / width) - first);
  const to = Math.min(count, Math.ceil(Math.log(spot * 1.12) / width) - first);
  const times = grid.time_ms.length;
  const heights = new Float64Array(COLUMNS * ROWS);
  for (let time = 0; time < times; time++) {
    const column = Math.floor((time * COLUMNS) / times);
    for (let bin = from; bin < to; bin++) {
      const row = Math.floor(((bin - from) * ROWS) / (to - from));
      const at = column * ROWS + row;
      heights[at] = Math.max(heights[at], cells[time * count + bin]);
    }
  }
  for (let column = 1; column < COLUMNS; column++) {
    if (Math.floor((column * times) / COLUMNS) !== Math.floor(((column - 1) * times) / COLUMNS)) continue;
    heights.copyWithin(column * ROWS, (column - 1) * ROWS, column * ROWS);
  }
  return { heights, low: Math.exp((first + from) * width), high: Math.exp((first + to) * width) };
}
