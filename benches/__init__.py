"""How fast, how small: subjects by phases, side by side with the tools that people use today."""
