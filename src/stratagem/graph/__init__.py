"""Scenario to game and worlds: unroll, merge, draw."""
