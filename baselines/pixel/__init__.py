"""Pixel-domain models: a map of the largest change that nobody notices at each pixel.

A new one is a file with a `PixelMapPredictor`, whose `jnd_map` is the map, or with a `VisibilityPredictor`.
"""
