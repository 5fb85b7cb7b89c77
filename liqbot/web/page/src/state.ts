// What is being looked at. It stands in the address, so that a view can be shared and the back button works.

export interface State {
  coin: string;
  window: string;
  venue: string;
  tier: string;
  opened: string;
  least: string;
  price: "candles" | "line";
  theme: "dark" | "light";
  embed: boolean;
}

const DEFAULTS: State = {
  coin: "",
  window: "24h",
  venue: "",
  tier: "",
  opened: "",
  least: "",
  price: "candles",
  theme: "dark",
  embed: false,
};

export function readState(): State {
  const query = new URLSearchParams(location.search);
  const saved = localStorage.getItem("theme");
  const theme = query.get("theme") ?? saved ?? "dark";
  return {
    coin: query.get("coin") ?? location.pathname.match(/^\/c\/([^/]+)/)?.[1] ?? "",
    window: query.get("window") ?? DEFAULTS.window,
    venue: query.get("venue") ?? "",
    tier: query.get("tier") ?? "",
    opened: query.get("opened") ?? "",
    least: query.get("least") ?? "",
    price: query.get("price") === "line" ? "line" : "candles",
    theme: theme === "light" ? "light" : "dark",
    embed: query.get("embed") === "1",
  };
}

export function writeState(state: State, push: boolean): void {
  const query = new URLSearchParams();
  for (const name of ["window", "venue", "tier", "opened", "least", "price"] as const)
    if (state[name] !== DEFAULTS[name]) query.set(name, state[name]);
  if (state.embed) query.set("embed", "1");
  const address = `/c/${encodeURIComponent(state.coin)}${query.size ? `?${query}` : ""}`;
  if (address === location.pathname + location.search) return;
  if (push) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
