"""Draw the picture of README.md again: `python -m docs.pictures`. The same market gives the same picture."""

from pathlib import Path

from benchmarks.simulated import view_with_grid
from liqbot.charts import heatmap, ladder
from liqbot.charts.request import HeatmapInput, MapInput

FOLDER = Path(__file__).parent


def main() -> None:
    """Draw a week of the simulated market."""
    view = view_with_grid()
    if view.grid is None:
        raise SystemExit("the simulated market has no past")
    asked = HeatmapInput(view=view, grid=view.grid, window="7d")
    (FOLDER / "pages" / "heatmap.png").write_bytes(heatmap.draw(asked).png)
    (FOLDER / "map.png").write_bytes(ladder.draw(MapInput(view=view)).png)


if __name__ == "__main__":
    main()
