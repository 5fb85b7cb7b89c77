// The documentation site as a reader sees it, on a desk and on a phone: nothing is cut, and no page scrolls sideways.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const { SITE, PICTURES } = process.env;
const WIDTHS = [1280, 390];
let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
});

after(() => browser?.close());

/** What is wrong with the page as it is shown; runs in the browser. */
function faults() {
  const width = document.documentElement.clientWidth;
  const found = [];
  const name = (element) => `${element.tagName} "${(element.innerText || element.src || "").slice(0, 50)}"`;
  if (document.documentElement.scrollWidth > width) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const element of document.querySelectorAll(".rst-content *")) {
    const code = element.closest("pre"); // a program may be scrolled within its frame
    if (!code && element.getBoundingClientRect().right > width + 1) found.push(`${name(element)} is cut`);
    if (code === element && element.getBoundingClientRect().right > width + 1) found.push(`${name(element)} is cut`);
  }
  for (const table of document.querySelectorAll("table"))
    for (let above = table; above !== document.body; above = above.parentElement)
      if (above.scrollWidth > above.clientWidth + 1) found.push(`${name(table)} is cut by ${above.className}`);
  for (const image of document.images)
    if (!image.naturalWidth) found.push(`${image.src} is not there`);
    else if (image.getBoundingClientRect().width < Math.min(300, image.naturalWidth))
      found.push(`${image.src} is too small to read`);
  return found;
}

const pages = readdirSync(SITE).filter((file) => file.endsWith(".html"));

test("there is a page of each document", () => assert.ok(pages.length > 15, pages.join()));

for (const width of WIDTHS)
  test(`no page is cut or scrolls sideways at ${width} px`, async () => {
    const page = await (await browser.newContext({ viewport: { width, height: 844 } })).newPage();
    const wrong = [];
    for (const file of pages) {
      await page.goto(`${pathToFileURL(SITE)}/${file}`);
      wrong.push(...(await page.evaluate(faults)).map((fault) => `${file}: ${fault}`));
      if (PICTURES) {
        mkdirSync(PICTURES, { recursive: true });
        await page.screenshot({ path: `${PICTURES}/${file.replace(".html", "")}-${width}.png`, fullPage: true });
      }
    }
    await page.context().close();
    assert.deepEqual(wrong, []);
  });
