"""What the operator's commands do with a database, a recording or a simulated market; `cli/` presents it."""
