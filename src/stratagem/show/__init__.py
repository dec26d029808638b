"""Findings to terminal, notebook, JSON and CSV: views render what an analysis found and compute nothing anew."""
