"""Full-reference metrics: the level at which a score reaches a threshold that is the same for all pictures.

A new one is a file with a `MetricPredictor`: `against` scores a level against its reference, `distance` turns the score
into a visibility.
"""
