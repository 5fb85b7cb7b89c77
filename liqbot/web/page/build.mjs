// Builds the page into ../static: one script, one style sheet, the 3D map apart. The result is committed;
// fails where what was there before is something else, so that nobody commits a source without its page.
import { build } from "esbuild";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const out = new URL("../static/", import.meta.url);
const before = files();
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

await build({
  entryPoints: ["src/main.ts", "src/surface.ts", "src/docs.ts", "src/style.css"],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  charset: "utf8",
  outdir: "../static",
  logLevel: "warning",
});
copyFileSync("src/index.html", new URL("index.html", out));
const notices = readFileSync("node_modules/lightweight-charts/LICENSE", "utf8");
writeFileSync(
  new URL("NOTICE.txt", out),
  `This page draws with TradingView Lightweight Charts™, © TradingView, Inc., https://www.tradingview.com\n\n${notices}`,
);

const now = files();
const other = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => before[name] !== now[name]);
if (other.length) {
  console.error(`The page was built anew, commit it: ${other.map((name) => `liqbot/web/static/${name}`).join(", ")}`);
  process.exitCode = 1;
}

function files() {
  const names = existsSync(out) ? readdirSync(out) : [];
  return Object.fromEntries(names.map((name) => [name, readFileSync(new URL(name, out), "utf8")]));
}
