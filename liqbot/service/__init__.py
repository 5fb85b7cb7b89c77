"""The questions that people ask, and their typed answers: commands, pages and programs only present them."""
