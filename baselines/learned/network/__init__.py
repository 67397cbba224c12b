"""What learned predictors share: features, training, searches over the ladder, checkpoints."""
