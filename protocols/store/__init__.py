"""What is stored: runs with their records (`store`, `run`, `record`), tables of pictures, and facts of ladders.

What may be reused is decided in `protocols.plan`, by the key of a job.
"""
