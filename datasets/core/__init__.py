"""The data model: pictures, ladders, codecs, data sets, truths, folds, SUR curves."""
