"""Where updates come from: one module or folder per exchange, recordings, and the simulated market."""
