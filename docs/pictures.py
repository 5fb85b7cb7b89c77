"""Draw the picture of README.md again: `python -m docs.pictures`. The same market gives the same picture."""

from pathlib import Path

from benchmarks.simulated import view_with_grid
from liqbot.charts import heatmap, ladder

FOLDER = Path(__file__).parent


def main() -> None:
    """Draw a week of the simulated market."""
    view = view_with_grid()
    (FOLDER / "pages" / "heatmap.png").write_bytes(heatmap.draw(view, window="7d").png)
    (FOLDER / "map.png").write_bytes(ladder.draw(view).png)


if __name__ == "__main__":
    main()
