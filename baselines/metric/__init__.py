"""Full-reference metrics: the level at which a score reaches one threshold.

A new one is a file with a `MetricPredictor`: `against` scores a level against its reference, `distance` turns the score
into a visibility.
"""
