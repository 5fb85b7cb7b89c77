"""The screener's answer as what its picture is drawn from."""

from liqbot.charts.request import Look
from liqbot.charts.screener_input import ScreenedCoin, ScreenerInput
from liqbot.service.screener import FUEL_WITHIN_PCT, ScreenerAnswer


def screener_input(answer: ScreenerAnswer, title: str, look: Look) -> ScreenerInput:
    """Return the input of the picture of one page, which has to have a row."""
    labels = dict.fromkeys(row.label for row in answer.rows)
    return ScreenerInput(
        sort=answer.sort.value,
        title=title,
        within_pct=FUEL_WITHIN_PCT,
        rows=tuple(
            ScreenedCoin(
                coin=row.coin,
                spot=row.spot,
                side=row.nearest_side,
                distance_pct=row.nearest_pct,
                cluster_usd=row.nearest_usd,
                up_usd=row.up_2pct_usd,
                down_usd=row.down_2pct_usd,
                lean=row.lean,
                trapped_long=row.trapped_long,
                trapped_short=row.trapped_short,
            )
            for row in answer.rows
        ),
        label=" · ".join(list(labels)[:3]),
        time_ms=answer.time_ms or 0,
        look=look,
    )
