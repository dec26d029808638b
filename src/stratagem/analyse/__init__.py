"""Solution to findings: judgements, tables, warnings, provenance. Knows no view."""
