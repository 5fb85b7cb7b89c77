// The page in a real browser, as a trader uses it: against a bot that was started as an operator starts it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, beforeEach, test } from "node:test";
import { chromium } from "playwright-core";
import { Bot, freePort, until } from "./bot.mjs";
import * as figures from "./figures.mjs";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = process.env.PICTURES;
const PYTHON = process.env.PYTHON ?? "python3";

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

async function open(path = "/", viewport = { width: 1280, height: 900 }, shown = "#cards .cluster") {
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
  await page.waitForSelector(shown);
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
      return element.hidden ? null : {
        usd: Number(element.dataset.usd),
        column: Number(element.dataset.column),
        bin: Number(element.dataset.bin),
        words: element.innerText,
      };
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

test("what a cell says under the pointer is the API's figure to the last digit", async () => {
  const answer = page.waitForResponse((response) => response.url().includes("/grid?"));
  await page.reload();
  const grid = await (await answer).json();
  await page.waitForSelector("#cards .cluster");
  const tip = await hoverMoney();
  await picture("page-hover");
  assert.ok(tip.words.includes(figures.usd(tip.usd)), `${tip.words} says ${figures.usd(tip.usd)}`);
  assert.equal((await figures.cells(grid))[tip.column * grid.bins.count + tip.bin], tip.usd);
});

test("clusters are told with the API's figures", async () => {
  const { clusters } = await bot.get("/api/v1/coins/BTC/view");
  const told = await page.locator(".cluster").evaluateAll((all) => all.map((one) => [one.dataset.id, one.innerText]));
  const known = new Map(clusters.map((one) => [one.id, one]));
  const compared = told.filter(([id]) => known.has(id) && Math.abs(known.get(id).distance_pct) > 1);
  assert.ok(compared.length > 2, `${compared.length} clusters`);
  // Sizes are dollars at the price of the moment, which may have moved on between the two questions.
  for (const [id, words] of compared) {
    const written = Number(words.match(/\$([\d.]+)/)[1]) * { k: 1e3, M: 1e6, B: 1e9 }[words.match(/[kMB]/)[0]];
    assert.ok(Math.abs(written / known.get(id).usd - 1) < 0.03, `${words}: ${known.get(id).usd}`);
  }
});

test("readings, the scoreboard and how the model fares are told with the API's figures", async () => {
  const card = (name) => page.locator(`.card[data-id="${name}"]`);
  await page.waitForSelector('.card[data-id="Readings"] .curve .ratio');
  const past = await bot.get("/api/v1/coins/BTC/readings?window=24h");
  const [held] = past.shares;
  assert.ok((await card("Readings").innerText()).includes(held.regime));
  const board = await bot.get("/api/v1/coins/BTC/scoreboard?window=30d");
  await until(
    async () => (await card("Scoreboard").innerText()).includes(`${board.cases} stood within ${board.within_pct}%`),
    "the scoreboard's figures",
  );
  const words = await card("Scoreboard").innerText();
  for (const one of board.horizons.filter((found) => found.count))
    assert.ok(words.includes(`${one.reached} of ${one.count}`), `${words}: ${one.reached} of ${one.count}`);
  assert.match(await card("Model against truth").innerText(), /not tried yet|rank/);
});

test("an account is looked at, and one that there is not is said to be so", async () => {
  await page.fill('[data-id="address"]', "0x0000000000000000000000000000000000000000");
  await page.click('.card[data-id="Account"] button');
  const answer = await fetch(`${bot.address}/api/v1/account/0x0000000000000000000000000000000000000000`);
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
  const { detail } = await answer.json();
  await until(
    async () => (await page.innerText('.card[data-id="Account"]')).includes(detail),
    `the card to say ${detail}`,
  );
  assert.equal(await page.inputValue('[data-id="address"]'), "0x0000000000000000000000000000000000000000");
});

test("an account's positions stand beside each other, the nearest to its liquidation first, as the API tells them", async () => {
  const nobody = await fetch(`${bot.address}/api/v1/account/0x${"0".repeat(40)}`);
  const [address] = (await nobody.json()).detail.match(/0x[0-9a-f]{40}/g).slice(-1);
  const answer = await bot.get(`/api/v1/account/${address}`);
  // One more than the simulator's accounts have, which no price liquidates, and one that is at its level.
  const safe = { ...answer.positions[0], coin: "SAFE", liquidation: null, distance_pct: null, leverage: null };
  const told = { ...answer, positions: [{ ...answer.positions[0], coin: "NEAR", distance_pct: 0 }, ...answer.positions, safe] };
  let stale = false;
  await page.route(`**/api/v1/account/${address}`, (route) =>
    route.fulfill({ json: { ...told, is_newest: !stale } }),
  );
  const card = page.locator('.card[data-id="Account"]');
  await page.fill('[data-id="address"]', address);
  await page.press('[data-id="address"]', "Enter");
  await until(async () => (await card.locator("tbody tr").count()) === told.positions.length, "the positions");
  const rows = await card.locator("tbody tr").allInnerTexts();
  told.positions.forEach((one, place) => {
    assert.ok(rows[place].includes(`${one.coin} ${one.side}`), `${rows[place]}: ${one.coin}`);
    assert.ok(rows[place].includes(figures.usd(one.usd)), `${rows[place]}: ${one.usd}`);
  });
  assert.ok(rows.at(-1).includes("none"), rows.at(-1));
  const words = await card.innerText();
  assert.ok(words.includes(`${figures.usd(answer.long_usd)} long, ${figures.usd(answer.short_usd)} short`), words);
  assert.ok(!words.includes("does not answer"), words);
  assert.deepEqual(foreign, []);

  // What is renewed meanwhile keeps what was asked for and found; a venue that is silent is said to be.
  stale = true;
  await page.click('.card[data-id="Account"] button');
  await until(async () => (await card.innerText()).includes("the venue does not answer, this is of"), "that it is old");
  assert.equal(await page.inputValue('[data-id="address"]'), address);
  await page.setViewportSize({ width: 360, height: 740 });
  const box = await card.boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 361, `the card is ${box.width} wide at ${box.x}`);
  if (PICTURES) await card.screenshot({ path: `${PICTURES}/account-360.png` });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 360, `the page is ${wide} wide`);
});

test("an account's positions are ordered by a press on a head, and pointed at on the chart", async () => {
  const { spot } = await bot.get("/api/v1/coins/BTC/view");
  const held = { side: "long", entry: spot, leverage: 10, profit_usd: 0 };
  const positions = [
    { ...held, coin: "BTC", usd: 2.4e6, liquidation: spot * 0.98, distance_pct: 2 },
    { ...held, coin: "ETH", usd: 9.1e8, liquidation: 1, distance_pct: 12 },
    { ...held, coin: "SOL", usd: 7e3, liquidation: null, distance_pct: null, profit_usd: -5e6 },
  ];
  const account = { venue: "Here", time_ms: 1, is_newest: true, equity_usd: 1, long_usd: 1, short_usd: 0, positions };
  await page.route("**/api/v1/account/**", (route) => route.fulfill({ json: account }));
  await page.fill('[data-id="address"]', "0x1");
  await page.press('[data-id="address"]', "Enter");
  const card = page.locator('.card[data-id="Account"]');
  const order = async () => (await card.locator("tbody tr").allInnerTexts()).map((row) => row.slice(0, 3)).join(" ");
  await until(async () => (await order()) === "BTC ETH SOL", "the positions");
  await card.getByRole("button", { name: "size" }).click();
  assert.equal(await order(), "ETH BTC SOL");
  assert.equal(await card.locator("th", { hasText: "size" }).getAttribute("aria-sort"), "descending");
  await page.evaluate(() => (document.querySelector("#cards").firstElementChild.dataset.old = "yes"));
  await page.waitForFunction(() => !document.querySelector("#cards [data-old]")); // made anew by a newer view
  assert.equal(await order(), "ETH BTC SOL");
  await page.keyboard.press("Enter"); // the head still has the focus
  await until(async () => (await order()) === "SOL BTC ETH", "the smallest first");
  await page.keyboard.press("Enter");
  await until(async () => (await order()) === "BTC ETH SOL", "the order of the bot");
  await card.getByRole("button", { name: "away" }).click();
  assert.equal(await order(), "ETH BTC SOL"); // what is not known is last

  const orange = () =>
    page.evaluate(() => {
      const canvas = [...document.querySelectorAll("#chart canvas")].sort((one, other) => other.width - one.width)[0];
      const { data } = canvas.getContext("2d").getImageData(0, 0, 30, canvas.height);
      let found = 0;
      for (let at = 0; at < data.length; at += 4) found += data[at] > data[at + 2] + 30;
      return found;
    });
  const before = await orange();
  await card.getByRole("button", { name: "BTC long 10x" }).focus();
  await until(async () => (await orange()) >= before + 30, "the level on the chart");
  await card.getByRole("button", { name: "ETH long 10x" }).click();
  await page.waitForFunction(() => document.querySelector("h1")?.innerText === "ETH");
  assert.deepEqual(faults, []);
});

test("figures in tables are ordered by what they are worth", () => {
  const rising = ["−$3M", "-$2.5k", "$0", "$12", "up to $5.1k", "$97,012.5", "at least $1.2M", "$3B"];
  const values = rising.map(figures.worth);
  assert.deepEqual(values, [...values].sort((one, other) => one - other), `${values}`);
  assert.ok(figures.worth("4 min") < figures.worth("1 h") && figures.worth("23 h") < figures.worth("2 d"));
  for (const words of ["BTC long 10x", "none", "—", ""]) assert.equal(figures.worth(words), undefined, words);
});

test("where it is from and whether it is live stay in sight wherever one has scrolled to", async () => {
  for (const viewport of [{ width: 1280, height: 900 }, { width: 360, height: 640 }]) {
    await open("/c/BTC", viewport);
    for (const place of [0, 0.5, 1]) {
      await page.evaluate((share) => scrollTo(0, share * (document.querySelector("#cards").getBoundingClientRect().bottom + scrollY - innerHeight)), place);
      for (const id of ["#provenance", "#state"]) {
        const box = await page.locator(id).boundingBox();
        assert.ok(box.y >= 0 && box.y + box.height <= viewport.height + 1, `${id} at ${box.y} of ${viewport.height}`);
      }
    }
  }
});

test("a coin that is not known yet is waited for, with words, and the others are a click away", async () => {
  const context = await browser.newContext();
  const waiting = await context.newPage();
  let hidden = true;
  // As after a start: the bot has read BTC, and not ETH yet.
  await waiting.route("**/api/v1/coins", async (route) => {
    const answer = await route.fetch();
    const known = await answer.json();
    if (hidden) known.coins = known.coins.filter((one) => one.coin !== "ETH");
    await route.fulfill({ response: answer, json: known });
  });
  await waiting.goto(`${bot.address}/c/eth`);
  await waiting.waitForSelector("#empty .ways button");
  assert.match(await waiting.innerText("#empty"), /There is no eth here, or not yet/);
  assert.equal(new URL(waiting.url()).pathname, "/c/eth");
  await waiting.click("#empty .ways button");
  await waiting.waitForFunction(() => document.querySelector("h1")?.innerText === "BTC");
  await waiting.goBack();
  await waiting.goto(`${bot.address}/c/eth`);
  await waiting.waitForSelector("#empty .ways button");
  hidden = false;
  await waiting.waitForFunction(() => document.querySelector("h1")?.innerText === "ETH");
  assert.equal(new URL(waiting.url()).pathname, "/c/ETH");
  await context.close();
});

test("a coin that there is not is said so, and a window that there is not has a way out", async () => {
  await open("/c/BTC");
  await page.goto(`${bot.address}/c/NOSUCH`);
  await page.waitForSelector("#empty .ways button");
  assert.match(await page.innerText("#empty"), /There is no NOSUCH here/);
  await page.goto(`${bot.address}/c/BTC?window=5m`);
  await page.waitForSelector("#empty button");
  assert.match(await page.innerText("#empty"), /There is no window '5m'/);
  assert.doesNotMatch(await page.innerText("#state"), /No connection/);
  await page.click("#empty button");
  await page.waitForSelector("#cards .cluster");
  assert.equal(await page.isVisible("#empty"), false);
});

test("within another page all of it is in view, with where it is from", async () => {
  for (const viewport of [{ width: 800, height: 500 }, { width: 390, height: 420 }]) {
    await open("/c/BTC?embed=1", viewport, "#plot canvas");
    const size = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
    assert.deepEqual(size, [viewport.width, viewport.height]);
    for (const part of ["#plot", "#provenance", "#state"]) {
      const box = await page.locator(part).boundingBox();
      assert.ok(box.y + box.height <= viewport.height, `${part} ends at ${box.y + box.height}`);
    }
  }
});

test("the order book and what was liquidated are told with the API's figures", async () => {
  const words = async (name) => page.locator(`.card[data-id="${name}"]`).innerText();
  const { book } = await until(async () => {
    const answer = await bot.get("/api/v1/coins/BTC/book");
    return answer.book && answer;
  }, "an order book");
  const shown = await until(async () => {
    const told = await words("Order book");
    return told.includes(book.venue) && told;
  }, "the order book on the page", 30);
  for (const size of ["$1M", "$5M", "$25M"]) assert.ok(shown.includes(size), `${shown} has no ${size}`);
  for (const band of ["0.5%", "1%", "2%", "5%"]) assert.ok(shown.includes(band), `${shown} has no ${band}`);
  const forced = await bot.get("/api/v1/coins/BTC/liquidations?window=24h");
  const told = await words("Liquidations");
  if (forced.count === 0) assert.match(told, /none that any venue told of/);
  else assert.match(told, /\$[\d.]+[kMB]?; \$[\d.]+[kMB]? in the last hour/);
});

test("figures are written as the chats write them", () => {
  const values = Array.from({ length: 600 }, (_, at) => 10 ** (at / 40 - 3) * (1 + ((at * 7919) % 97) / 97));
  const program = `
import json, sys
from liqbot.text import figures
values = json.load(sys.stdin)
print(json.dumps({
    "usd": [figures.usd(v) for v in values],
    "price": [figures.price(v) for v in values],
    "ratio": [figures.ratio(v) for v in values],
    "duration": [figures.duration(round(v, 3)) for v in values],
    "percent": [figures.percent(v - 50, signed=True) for v in values],
    "share": [figures.share(min(1, v / 1000)) for v in values],
}))`;
  const told = JSON.parse(execFileSync(PYTHON, ["-c", program], { input: JSON.stringify(values) }));
  const same = (name, write) => assert.deepEqual(values.map(write), told[name], name);
  same("usd", figures.usd);
  same("price", figures.price);
  same("ratio", figures.ratio);
  same("duration", (value) => figures.duration(Number(value.toFixed(3))));
  same("percent", (value) => figures.percent(value - 50, true));
  same("share", (value) => figures.share(Math.min(1, value / 1000)));
});

test("small pools can be hidden", async () => {
  await open("/c/SOL"); // the smallest market, with the smallest pools
  const count = () => page.locator(".cluster").count();
  const all = await count();
  await page.selectOption("#least", "10M");
  await page.waitForFunction((before) => document.querySelectorAll(".cluster").length < before, all);
  assert.ok(page.url().includes("least=10M"));
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
  const plot = await page.locator("#chart").boundingBox();
  const middle = plot.y + plot.height / 2;
  /** The column of the grid that stands a tenth of the width from the left, as the tip tells it. */
  const column = async () => {
    await page.mouse.move(plot.x + plot.width * 0.1 + 3, middle);
    await page.mouse.move(plot.x + plot.width * 0.1, middle);
    return page.evaluate(() => Number(document.getElementById("tip").dataset.column));
  };
  const becomes = (holds, what) => until(async () => holds(await column()), what, 10);
  const first = await column();
  await page.mouse.move(plot.x + plot.width * 0.8, middle);
  await page.mouse.wheel(0, -600);
  await becomes((now) => now > first + 5, "the wheel to zoom");
  const zoomed = await column();
  await page.mouse.move(plot.x + plot.width * 0.3, middle);
  await page.mouse.down();
  await page.mouse.move(plot.x + plot.width * 0.6, middle, { steps: 5 });
  await page.mouse.up();
  await becomes((now) => now < zoomed - 2, "dragging to pan");
  await page.click("#fit");
  await becomes((now) => Math.abs(now - first) <= 2, "the reset");
  await page.focus("#chart");
  await page.keyboard.press("+");
  await becomes((now) => now > first + 5, "the plus key to zoom");
  const nearer = await column();
  await page.keyboard.press("ArrowLeft");
  await becomes((now) => now < nearer, "an arrow key to pan");
  await page.keyboard.press("0");
  await becomes((now) => Math.abs(now - first) <= 2, "the 0 key to reset");
  assert.deepEqual(faults, []);
});

test("on a phone nothing is wider than the screen", async () => {
  await open("/c/BTC", { width: 390, height: 800 });
  await picture("page-phone");
  for (const id of ["coin", "venue"]) {
    const room = await page.locator(`#${id}`).evaluate((list) => list.clientWidth);
    assert.ok(room >= 60, `what #${id} says has ${room} px`);
  }
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
  await open("/c/BTC?embed=1", undefined, "#headline h1");
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
