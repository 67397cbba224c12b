"""What is stored: runs with their records (`store`, `stored_run`, `record`), tables of pictures, facts of ladders.

`run_key` makes a run's key of everything that its predictions depend on. `reuse` decides whether a stored run is
reused.
"""
