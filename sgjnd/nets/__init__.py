"""The networks. Everything that needs torch when it is imported stands here, so that listing predictors does not."""
