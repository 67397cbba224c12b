"""The contract of predictors: one list of checks for every predictor."""
