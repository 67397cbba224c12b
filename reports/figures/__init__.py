"""Figures, and the catalogue of all there are."""
