"""The data model: pictures, their ladders, codecs, data sets, truths, folds, SUR curves.

A new codec is a final subclass of `datasets.core.codec.Codec`, in `codec.py` or beside the data set that needs it; a
new truth is a record in `truths.py`.
"""
