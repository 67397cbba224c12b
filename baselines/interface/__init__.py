"""What a predictor is: base classes, the threshold fit, the registry and the contract."""
