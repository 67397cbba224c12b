"""The data model: pictures, their ladders, what a codec is, data sets, truths, folds, SUR curves.

A new truth is a record in `truths.py`.
"""
