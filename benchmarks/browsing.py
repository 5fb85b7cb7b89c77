"""The page in a real browser: how soon its first heatmap is there, and how long frames of a pan take."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row

FOLDER = Path(__file__).parents[1] / "tests" / "web" / "browser"
FRAME_MS = 16
"""A screen shows sixty frames a second."""


def rows() -> Iterator[Row]:
    """Yield the budgets of the page in Chromium; what is lacking to measure them is said in place of them."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    lacking = [
        name
        for name, there in (
            ("Node", shutil.which("node")),
            ("Chromium", chromium),
            ("`make node`", (FOLDER / "node_modules").is_dir()),
        )
        if not there
    ]
    if lacking:
        yield Row("the page in a real browser", "not measured", f"{' and '.join(lacking)} lacking")
        return
    told = _measured(str(chromium))
    first, slowest = told["first_ms"], told["first_slowest_ms"]
    yield Row(
        "the page's first heatmap on loopback, median and slowest of five",
        f"{first:.0f} ms, {slowest:.0f} ms",
        "at most 1 s",
        slowest <= 1000,
    )
    yield Row(
        "… processor time of the page's main thread until then",
        f"{told['first_work_ms']:.0f} ms",
        "however busy the machine is",
    )
    yield Row(
        f"a frame while a grid of {told['columns']} x {told['bins']} is panned, moved in each: p50, p95",
        f"{told['frame_p50_ms']:.1f} ms, {told['frame_p95_ms']:.1f} ms",
        f"p95 at most 16 ms; an empty page {told['empty_p50_ms']:.1f} ms, {told['empty_p95_ms']:.1f} ms",
        told["frame_p95_ms"] <= FRAME_MS,
    )
    yield Row(
        "… until it was painted, p50, p95",
        f"{told['painted_p50_ms']:.1f} ms, {told['painted_p95_ms']:.1f} ms",
        "",
    )
    yield Row("… processor time of a frame on the page's main thread", f"{told['frame_work_ms']:.1f} ms", "")


def _measured(chromium: str) -> dict[str, float]:
    environment = os.environ | {"CHROMIUM": chromium, "LIQBOT": str(Path(sys.executable).with_name("liqbot"))}
    script = FOLDER / "budget.mjs"
    done = subprocess.run(["node", script], env=environment, capture_output=True, text=True, check=True)  # noqa: S607
    return json.loads(done.stdout)


if __name__ == "__main__":
    for row in rows():
        print(f"| {row.what} | {row.measured} | {row.against} | {'' if row.holds is None else row.holds} |")
