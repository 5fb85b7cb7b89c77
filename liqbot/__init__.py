"""Watch where leveraged crypto positions will be force-closed, draw it, and say when it matters."""
