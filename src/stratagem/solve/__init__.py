"""Game and worlds to solution: best reply and quantal response."""
