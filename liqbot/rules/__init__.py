"""What a rule is, its parameters, and loading plugins."""
