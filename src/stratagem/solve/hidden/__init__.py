"""Equilibria of games in which players do not see all: agent quantal response, its limit, further equilibria, derivatives."""
