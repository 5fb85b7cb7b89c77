// How long the page takes until its first heatmap, and each frame while a large grid is panned; printed as JSON.

import { deflateSync } from "node:zlib";
import { chromium } from "playwright-core";
import { Bot, freePort } from "./bot.mjs";

const [COLUMNS, BINS, OPENINGS, PANS] = [500, 360, 5, 8];

const bot = await new Bot(await freePort()).start();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: [
    ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
    ...["--disable-background-networking", "--disable-component-update"],
    // A frame takes as long as it takes: no waiting for the next sixtieth of a second.
    ...["--disable-frame-rate-limit", "--disable-gpu-vsync"],
  ],
});

/** A grid of this size with money in a third of its cells, between the prices of a real one. */
function large(grid) {
  const codes = new Uint16Array(COLUMNS * BINS);
  for (let bin = 0; bin < BINS; bin++)
    for (let at = 0; at < COLUMNS; at++)
      if ((bin * 7 + Math.floor(at / 40) * 13) % 3 === 0) codes[bin * COLUMNS + at] = 26_000 + ((bin * 131 + at) % 9_000);
  for (let bin = 0; bin < BINS; bin++)
    for (let at = COLUMNS - 1; at > 0; at--) codes[bin * COLUMNS + at] ^= codes[bin * COLUMNS + at - 1];
  const last = grid.time_ms.length - 1;
  const along = (values) => Array.from({ length: COLUMNS }, (_, at) => values[Math.round((at / (COLUMNS - 1)) * last)]);
  const end = grid.until_ms[last];
  const times = Array.from({ length: COLUMNS }, (_, at) => end - (COLUMNS - at) * 180_000);
  const middle = Math.floor(Math.log(grid.spot[last]) / grid.bins.width);
  return {
    ...grid,
    ...{ time_ms: times, until_ms: times.map((time) => time + 180_000) },
    ...{ spot: along(grid.spot), low: along(grid.low), high: along(grid.high) },
    bins: { ...grid.bins, first: middle - BINS / 2, count: BINS },
    usd: deflateSync(Buffer.from(codes.buffer)).toString("base64"),
  };
}

/** How long the page's main thread has been at work, ms of processor time: the same however busy the machine is. */
async function meter(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find((one) => one.name === "TaskDuration").value * 1000;
  };
}

const percentile = (values, share) => [...values].sort((one, other) => one - other)[Math.floor((values.length - 1) * share)];

try {
  const [firsts, works] = [[], []];
  for (let opening = 0; opening < OPENINGS; opening++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const worked = await meter(page);
    await page.goto(bot.address);
    await page.waitForFunction(() => performance.getEntriesByName("heatmap").length > 0);
    works.push(await worked());
    firsts.push(await page.evaluate(() => performance.getEntriesByName("heatmap")[0].startTime));
    await context.close();
  }

  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.route("**/grid?**", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: large(await answer.json()) });
  });
  await page.goto(bot.address);
  await page.waitForFunction(() => performance.getEntriesByName("heatmap").length > 0);
  const box = await page.locator("#chart").boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.wheel(0, -400);
  await page.evaluate(() => {
    window.frames_ms = [];
    let before = performance.now();
    const frame = (now) => {
      window.frames_ms.push(now - before);
      before = now;
      if (window.measuring) requestAnimationFrame(frame);
    };
    window.measuring = true;
    requestAnimationFrame(frame);
  });
  const worked = await meter(page);
  const before = await worked();
  for (let pan = 0; pan < PANS; pan++) {
    await page.mouse.down();
    await page.mouse.move(x + (pan % 2 ? -300 : 300), y + (pan % 2 ? -40 : 40), { steps: 40 });
    await page.mouse.up();
    await page.mouse.move(x, y);
  }
  const frames = await page.evaluate(() => {
    window.measuring = false;
    return window.frames_ms;
  });
  const frame_work_ms = ((await worked()) - before) / frames.length;
  console.log(
    JSON.stringify({
      ...{ first_work_ms: percentile(works, 0.5), frame_work_ms },
      ...{ columns: COLUMNS, bins: BINS, first_ms: percentile(firsts, 0.5), first_slowest_ms: Math.max(...firsts) },
      ...{ frames: frames.length, frame_p50_ms: percentile(frames, 0.5), frame_p95_ms: percentile(frames, 0.95) },
    }),
  );
} finally {
  await browser.close();
  await bot.remove();
}
