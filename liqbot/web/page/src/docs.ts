// The page to try the API, made of its own description.

import { el } from "./panels";

interface Parameter {
  name: string;
  in: "path" | "query";
  required?: boolean;
  description?: string;
  schema: { default?: unknown; oneOf?: { default?: unknown }[] };
}
interface Operation {
  summary?: string;
  description?: string;
  parameters?: Parameter[];
}

const main = document.getElementById("api")!;
const description = await (await fetch("/api/openapi.json")).json();
const coins: { coins: { coin: string }[] } = await (await fetch("/api/v1/coins")).json();
const first = coins.coins[0]?.coin ?? "BTC";

for (const [path, operations] of Object.entries<Record<string, Operation>>(description.paths)) {
  const operation = operations.get;
  if (operation) main.append(section(path, operation));
}

function section(path: string, operation: Operation): HTMLElement {
  const fields = new Map<string, HTMLInputElement>();
  const form = el("form", { class: "try" });
  for (const parameter of operation.parameters ?? []) {
    const input = el("input", {
      id: `${path}-${parameter.name}`,
      placeholder: String(parameter.schema?.default ?? ""),
      value: parameter.in === "path" && parameter.name === "coin" ? first : parameter.name === "kind" ? "heatmap" : "",
    }) as HTMLInputElement;
    fields.set(parameter.name, input);
    form.append(
      el("label", { for: input.id, title: parameter.description ?? "" }, `${parameter.name} `, input),
    );
  }
  const output = el("pre", { hidden: "" });
  const link = el("a", { target: "_blank", rel: "noopener" });
  form.append(el("button", { type: "submit" }, "Try"), link);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    let address = path;
    for (const parameter of operation.parameters ?? []) {
      const value = fields.get(parameter.name)!.value;
      if (parameter.in === "path") address = address.replace(`{${parameter.name}}`, encodeURIComponent(value));
      else if (value) query.set(parameter.name, value);
    }
    if (query.size) address += `?${query}`;
    link.textContent = address;
    link.setAttribute("href", address);
    output.hidden = false;
    if (path.endsWith("/stream")) {
      output.textContent = "A stream goes on for ever: open the link.";
      return;
    }
    const answer = await fetch(address);
    const type = answer.headers.get("content-type") ?? "";
    if (type.startsWith("image/")) {
      const image = el("img", { src: URL.createObjectURL(await answer.blob()), alt: "The answer", width: "600" });
      output.replaceChildren(image);
      return;
    }
    const body = await answer.text();
    const shown = type.includes("json") ? JSON.stringify(JSON.parse(body), null, 1) : body;
    output.textContent = `${answer.status} ${type}\n${shown.slice(0, 8000)}${shown.length > 8000 ? "\n…" : ""}`;
  });
  return el(
    "section",
    { class: "card" },
    el("h2", {}, el("code", {}, `GET ${path}`)),
    el("p", {}, operation.summary ?? "", ". ", operation.description ?? ""),
    form,
    output,
  );
}
