"""A stand-in for Hyperliquid on loopback: its Info API, its websocket, its limits, and its bad days."""
