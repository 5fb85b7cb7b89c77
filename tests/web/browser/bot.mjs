// A bot as an operator starts it, on a free port, with a database of its own.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const LIQBOT = process.env.LIQBOT ?? "liqbot";

export async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Waits until `holds` gives something; it is asked every 100 ms. */
export async function until(holds, what, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await Promise.resolve()
      .then(holds)
      .catch(() => undefined);
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((later) => setTimeout(later, 100));
  }
}

export class Bot {
  constructor(port, settings = {}) {
    this.address = `http://127.0.0.1:${port}`;
    this.folder = mkdtempSync(join(tmpdir(), "liqbot-"));
    this.environment = {
      PATH: process.env.PATH,
      HOME: this.folder,
      LIQBOT_DATABASE: join(this.folder, "liqbot.db"),
      LIQBOT_PLUGINS__ENABLED: "false",
      LIQBOT_SIMULATOR__BACKFILL_DAYS: "1",
      LIQBOT_SIMULATOR__SPEED: "60",
      LIQBOT_METRICS_PORT: "0",
      LIQBOT_LOG_FORMAT: "json",
      // Somebody to serve: without, a bot that nobody set up plays its tour and ends.
      LIQBOT_WEB__PORT: String(port),
      LIQBOT_WEB__RATE_PER_S: "0",
      ...settings,
    };
    this.log = "";
  }

  async start() {
    this.process = spawn(LIQBOT, ["run", "--serve"], { cwd: this.folder, env: this.environment });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream.on("data", (chunk) => {
        this.log += chunk;
      });
    this.ended = new Promise((done) => this.process.on("exit", done));
    await until(
      async () => {
        if (this.process.exitCode !== null) throw new Error(this.log);
        return (await this.get("/api/v1/coins")).coins.length >= 2;
      },
      "the first views",
      120,
    );
    return this;
  }

  async get(path) {
    const answer = await fetch(this.address + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  }

  async stop() {
    this.process.kill("SIGTERM");
    await this.ended;
  }

  async remove() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
