"""liqbot watches where leveraged crypto positions will be force-closed, draws it, and says when it matters."""
