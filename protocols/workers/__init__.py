"""Tasks for worker processes: `dispatch` gives them out and survives dead workers, `dask` reaches a cluster.

The processes of this machine are those of `datasets.common.process_pool`. `task` sets time limits.
"""
