"""Text to a checked `Scenario`: the language of `docs/language.md`. No arrays here."""
