"""Predictors of the picture-wise JND, one file each, behind one interface (`baselines.interface.predictor`)."""
