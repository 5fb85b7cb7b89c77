"""The console chat: a prompt at the terminal that speaks the same commands as every other platform."""
