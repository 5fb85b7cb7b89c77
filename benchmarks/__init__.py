"""What liqbot costs, measured: `make bench` prints the table that stands in docs/pages/performance.md."""
