"""Full-reference metrics as predictors: the level at which a score reaches one threshold."""
