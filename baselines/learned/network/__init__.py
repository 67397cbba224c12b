"""What learned predictors share: looking at pictures, labels, training, searches over the ladder, checkpoints."""
