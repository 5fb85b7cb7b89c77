// Pushes from the server, resumed where they broke off; and how stale what is shown has become, in words.

import { duration } from "./figures";

export type Push = { kind: "view" | "event" | "alert"; data: Record<string, unknown> };

export class Live {
  private source?: EventSource;
  private heardMs = Date.now();
  private timer?: number;

  constructor(
    private readonly onPush: (push: Push) => void,
    private readonly onState: (live: boolean, words: string) => void,
  ) {
    setInterval(() => this.look(), 5_000);
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.coin) this.follow(this.coin, this.venue);
    });
  }

  private coin = "";
  private venue = "";

  follow(coin: string, venue: string): void {
    this.coin = coin;
    this.venue = venue;
    this.source?.close();
    clearTimeout(this.timer);
    const query = new URLSearchParams({ coin });
    if (venue) query.set("venue", venue);
    const source = (this.source = new EventSource(`/api/v1/stream?${query}`));
    for (const kind of ["view", "event", "alert"] as const)
      source.addEventListener(kind, (message) => {
        this.heard();
        this.onPush({ kind, data: JSON.parse((message as MessageEvent).data) });
      });
    source.addEventListener("ping", () => this.heard());
    source.onopen = () => this.heard();
    source.onerror = () => {
      this.look();
      // The browser resumes by itself while the connection is "connecting"; a refusal closes it for good.
      if (source.readyState === EventSource.CLOSED)
        this.timer = setTimeout(() => this.follow(this.coin, this.venue), 3_000) as unknown as number;
    };
  }

  private heard(): void {
    this.heardMs = Date.now();
    this.onState(true, "live");
  }

  private look(): void {
    if (!this.source) return; // nothing has been asked for yet
    const silent = (Date.now() - this.heardMs) / 1000;
    const open = this.source?.readyState === EventSource.OPEN;
    if (open && silent < 45) return;
    const since = silent < 5 ? "The connection broke off" : `No connection for ${duration(silent)}: what you see is that old`;
    this.onState(false, `${since}. Reconnecting.`);
  }
}
