"""`python -m liqbot` is `liqbot`."""

from liqbot.cli import main

main()
