"""Networks and their training. All that imports torch stands here, so that listing predictors does not."""
