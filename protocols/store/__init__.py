"""What is stored: runs with their records (`store`, `record`), tables and ladders of pictures (`picture_facts`).

`run_key` makes a run's key of everything that its predictions depend on; `reuse` decides whether a stored run is
reused.
"""
