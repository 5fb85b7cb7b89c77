// Makes figures.mjs: the page's own code that reads cells and writes figures, for the tests to check against.
import { createRequire } from "node:module";

const page = new URL("../../../liqbot/web/page/", import.meta.url);
const { build } = createRequire(new URL("package.json", page))("esbuild");

await build({
  stdin: {
    contents: 'export * from "./figures"; export { cells } from "./api"; export { worth } from "./sorting";',
    resolveDir: new URL("src", page).pathname,
    loader: "ts",
  },
  bundle: true,
  format: "esm",
  outfile: new URL("figures.mjs", import.meta.url).pathname,
});
