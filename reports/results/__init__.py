"""The report's model: from stored runs to what tables, figures and pages show.

`section.py` groups runs into the tables of a report; everything else starts from a `Section`. It has `row.py`'s rows,
one `Grid` of predictions by predictor and picture, the ceiling, and the comparison of its rows. This
folder computes the numbers; `tables/`, `figures/` and `pages/` only write them.
"""
