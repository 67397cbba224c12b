"""Subband-domain predictors: thresholds of DCT and wavelet coefficients."""
