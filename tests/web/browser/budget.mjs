// How long the page takes until its first heatmap, and each frame while a large grid is panned; printed as JSON.
//
// The chart is moved in every frame. A frame in which nothing moved waits for the next sixtieth of a second, also
// where the browser has no limit; counted among the others it would say how fast a screen is, and not the page.

import { deflateSync } from "node:zlib";
import { chromium } from "playwright-core";
import { Bot, freePort } from "./bot.mjs";

const [COLUMNS, BINS, OPENINGS, FRAMES, WARM_UP] = [500, 360, 5, 300, 60];

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

/**
 * Drags what `selector` names by a step in each of so many frames, or without one moves the only element of an empty
 * page. Returns by frame, in ms, how long after the one before it came, and how long it took until it was painted.
 */
const framesOf = (page, selector, count) =>
  page.evaluate(
    ([selector, count]) =>
      new Promise((done) => {
        const [apart, painted] = [[], []];
        let [before, began, at] = [performance.now(), 0, 0];
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => painted.push(performance.now() - began); // read once the frame has been painted
        const box = document.querySelector(selector ?? "#chart").getBoundingClientRect();
        const [x, y] = [box.x + box.width / 3, box.y + box.height / 2];
        const target = selector ? document.elementFromPoint(x, y) : null;
        const fire = (kinds, element, dx = 0, dy = 0) => {
          for (const kind of kinds) {
            const Kind = kind.startsWith("pointer") ? PointerEvent : MouseEvent;
            element.dispatchEvent(
              new Kind(kind, { bubbles: true, clientX: x + dx, clientY: y + dy, button: 0, buttons: 1, view: window }),
            );
          }
        };
        if (target) fire(["pointerdown", "mousedown"], target);
        const frame = () => {
          began = performance.now();
          if (at++ > 0) apart.push(began - before);
          before = began;
          if (at > count) {
            if (target) fire(["pointerup", "mouseup"], document.documentElement);
            done({ apart, painted });
            return;
          }
          if (target) fire(["pointermove", "mousemove"], document.documentElement, 250 * Math.sin(at / 40), 40 * Math.sin(at / 25));
          else document.getElementById("chart").style.transform = `translateX(${at}px)`;
          port2.postMessage(0);
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
      }),
    [selector, count],
  );

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
  await framesOf(page, "#chart", WARM_UP);
  const worked = await meter(page);
  const before = await worked();
  const panned = await framesOf(page, "#chart", FRAMES);
  const frame_work_ms = ((await worked()) - before) / FRAMES;

  const empty = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await empty.setContent('<div id="chart" style="width: 9px; height: 9px; background: red"></div>');
  const bare = await framesOf(empty, null, FRAMES);
  console.log(
    JSON.stringify({
      ...{ first_work_ms: percentile(works, 0.5), frame_work_ms },
      ...{ columns: COLUMNS, bins: BINS, first_ms: percentile(firsts, 0.5), first_slowest_ms: Math.max(...firsts) },
      ...{ frames: FRAMES, frame_p50_ms: percentile(panned.apart, 0.5), frame_p95_ms: percentile(panned.apart, 0.95) },
      ...{ painted_p50_ms: percentile(panned.painted, 0.5), painted_p95_ms: percentile(panned.painted, 0.95) },
      ...{ empty_p50_ms: percentile(bare.apart, 0.5), empty_p95_ms: percentile(bare.apart, 0.95) },
    }),
  );
} finally {
  await browser.close();
  await bot.remove();
}
