// Makes figures.mjs: the page's own code that reads cells and writes figures, for the tests to check against.
import { build } from "esbuild";

await build({
  stdin: {
    contents: 'export { usd } from "./figures"; export { cells } from "./api";',
    resolveDir: new URL("../../../liqbot/web/page/src", import.meta.url).pathname,
    loader: "ts",
  },
  bundle: true,
  format: "esm",
  outfile: new URL("figures.mjs", import.meta.url).pathname,
});
