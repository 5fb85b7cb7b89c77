"""Hosting plugins of others: in a worker process with a deadline and a memory limit, where faults stay."""
