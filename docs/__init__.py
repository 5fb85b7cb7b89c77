"""Keeping the documents true: what can be generated is, and what is not is checked."""
