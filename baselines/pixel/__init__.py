"""Pixel-domain predictors: a map of the largest change that nobody notices at each pixel."""
