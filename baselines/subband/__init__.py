"""Subband-domain models: thresholds of DCT or wavelet coefficients.

A new one is a file with a `DctPredictor`, whose `threshold_map` holds 8x8 thresholds a block, or with a
`VisibilityPredictor`.
"""
