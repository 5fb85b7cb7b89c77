"""Binance, Bybit, OKX, Bitget and Gate: what is public of their markets, for the modelled map."""
