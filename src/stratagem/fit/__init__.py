"""Games of a reader's own, fitted to data: a model file and a table in, estimates and what they bear out."""
