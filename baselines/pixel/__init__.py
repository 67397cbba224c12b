"""Pixel-domain JND models: each computes, for every pixel, the largest change that nobody notices.

A new one is a file here with a final subclass of `PixelMapPredictor` (`_base.py`) that implements `jnd_map`. Shared
pieces: `_masking` (background luminance, gradients, luminance adaptation, additivity), `_canny` (edges and the weight
that protects them), `_nl_means` and `_tv_l1` (a picture's prediction, and its structure without texture).
"""
