"""Subband-domain models: each gives thresholds of a picture's DCT or wavelet coefficients.

A new method on 8x8 DCT blocks is a file here with a final subclass of `DctPredictor` (`_base.py`) that implements
`thresholds`. A method on another transform subclasses `SubbandPredictor` of the same file, as `watson1997` does. Shared
pieces: `_dct_blocks` (the transform and its frequencies), `_dct_error` (the errors of coefficients), `_dct_pooling`;
`_wavelet_thresholds` (the transform and its thresholds), `_wavelet_pooling`.
"""
