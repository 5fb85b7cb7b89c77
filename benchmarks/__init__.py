"""What liqbot costs, measured: `make bench` prints the table that stands in README.md."""
