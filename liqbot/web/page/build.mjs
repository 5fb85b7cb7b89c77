// Builds the page into ../static: one script, one style sheet, the 3D map apart. The result is committed.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const out = new URL("../static/", import.meta.url);
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
