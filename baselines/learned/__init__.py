"""Methods that learn from rated pictures: regressions, and networks of papers.

A new one is a file with a `JNDPredictor`; bases for networks stand in `network/`.
"""
