"""The commands, each written once, and the adapters that speak to people."""
