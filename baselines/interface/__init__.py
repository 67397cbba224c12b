"""What a predictor is: base classes, card, threshold fit, store of measurements, registry and contract."""
