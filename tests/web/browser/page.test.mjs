// The page in a real browser, as a trader uses it: against a bot that was started as an operator starts it.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, beforeEach, test } from "node:test";
import { chromium } from "playwright-core";
import { Bot, freePort, until } from "./bot.mjs";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = process.env.PICTURES;

let bot;
let browser;
let page;
let faults;
let foreign;

before(async () => {
  bot = await new Bot(await freePort()).start();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
});

after(async () => {
  await browser?.close();
  await bot?.remove();
});

async function open(path = "/", viewport = { width: 1280, height: 900 }) {
  await page?.context().close();
  const context = await browser.newContext({ viewport, deviceScaleFactor: viewport.width < 500 ? 2 : 1 });
  page = await context.newPage();
  [faults, foreign] = [[], []];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== bot.address && !["data:", "blob:"].includes(protocol)) foreign.push(request.url());
  });
  await page.goto(bot.address + path);
  await page.waitForSelector("#state.live");
  await page.waitForSelector("#cards .cluster");
}

async function picture(name) {
  if (!PICTURES) return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: `${PICTURES}/${name}.png` });
}

/** Hovers over the plot until the tip tells of dollars, and returns what it says. */
async function hoverMoney() {
  const box = await page.locator("#chart").boundingBox();
  for (let part = 0.03; part < 0.95; part += 0.01) {
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * part);
    const tip = await page.evaluate(() => {
      const element = document.getElementById("tip");
      return element.hidden ? null : { usd: Number(element.dataset.usd), words: element.innerText };
    });
    if (tip?.usd > 0) return tip;
  }
  throw new Error("no cell with money was found");
}

beforeEach(() => open());

test("it loads without an error and asks nobody else for anything", async () => {
  await picture("page");
  assert.deepEqual(faults, []);
  assert.deepEqual(foreign, []);
  assert.match(await page.innerText("#provenance"), /measured/i);
});

test("the price moves within ten seconds", async () => {
  const first = await page.innerText("#spot");
  await page.waitForFunction((before) => document.getElementById("spot").innerText !== before, first, {
    timeout: 10_000,
  });
});

test("what a cell says is the API's figure to the last digit, and a cluster's is the card's", async () => {
  const tip = await hoverMoney();
  const { usd } = await import("./figures.mjs");
  assert.ok(tip.words.includes(usd(tip.usd)), `${tip.words} says ${usd(tip.usd)}`);
  const grid = await bot.get("/api/v1/coins/BTC/grid?window=24h");
  const { cells } = await import("./figures.mjs");
  assert.ok(cells(grid).includes(tip.usd), `${tip.usd} stands in the grid`);
});

test("coin, window and layer can be changed, stand in the address, and the back button undoes it", async () => {
  await page.selectOption("#coin", "ETH");
  await page.waitForFunction(() => document.querySelector("h1")?.innerText === "ETH");
  await page.click('[data-window="12h"]');
  await page.waitForFunction(() => location.search.includes("window=12h"));
  const { layers } = (await bot.get("/api/v1/coins")).coins.find((one) => one.coin === "ETH");
  await page.selectOption("#venue", layers[0].venue.toLowerCase());
  await page.waitForFunction(() => location.search.includes("venue="));
  const address = page.url();
  await open(address.slice(bot.address.length));
  assert.equal(await page.innerText("h1"), "ETH");
  assert.equal(await page.getAttribute('[data-window="12h"]', "aria-pressed"), "true");
  await page.click('[data-window="24h"]');
  await page.waitForFunction(() => !location.search.includes("window="));
  await page.goBack();
  await page.waitForFunction(() => location.search.includes("window=12h"));
  assert.deepEqual(faults, []);
});

test("it can be panned and zoomed by mouse and keyboard, and reset", async () => {
  const shown = () => page.screenshot({ clip: plot });
  const plot = await page.locator("#chart").boundingBox();
  const first = await shown();
  await page.mouse.move(plot.x + plot.width / 2, plot.y + plot.height / 2);
  await page.mouse.wheel(0, -600);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width / 2 + 200, plot.y + plot.height / 2, { steps: 5 });
  await page.mouse.up();
  assert.notDeepEqual(await shown(), first);
  await page.keyboard.press("0");
  await page.focus("#chart");
  await page.keyboard.press("+");
  await page.keyboard.press("ArrowLeft");
  await page.click("#fit");
  assert.deepEqual(faults, []);
});

test("on a phone nothing is wider than the screen", async () => {
  await open("/c/BTC", { width: 390, height: 800 });
  await picture("page-phone");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${overflow} px too wide`);
});

test("light, line, embedded and in 3D it works as well", async () => {
  await page.click("#theme");
  await page.click("#price-kind");
  await picture("page-light");
  await page.click("#surface");
  await page.waitForSelector("dialog[open]");
  await picture("page-3d");
  await page.click("#surface-close");
  await open("/c/BTC?embed=1");
  assert.equal(await page.isVisible("#cards"), false);
  assert.deepEqual(faults, []);
});

for (const theme of ["dark", "light"])
  test(`people with other eyes can use it: no serious fault in the ${theme} theme`, async () => {
    await open(`/c/BTC?theme=${theme}`);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
    const told = serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.target + node.failureSummary)}`);
    assert.deepEqual(told, []);
  });

test("the page to try the API answers", async () => {
  await page.goto(`${bot.address}/api/docs`);
  await page.locator("section", { hasText: "/view" }).first().locator("button").click();
  await page.waitForFunction(() => document.body.innerText.includes('"regime"'));
  await picture("api");
});

test("after a restart of the bot it goes on by itself, and says meanwhile how stale it is", async () => {
  await bot.stop();
  await page.waitForSelector("#state.stale", { timeout: 30_000 });
  await picture("page-stale");
  await bot.start();
  await page.waitForSelector("#state.live", { timeout: 30_000 });
  const first = await page.innerText("#spot");
  await until(async () => (await page.innerText("#spot")) !== first, "a new price", 30);
});
