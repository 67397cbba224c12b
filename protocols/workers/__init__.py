"""Work and who does it: `measure` takes each picture once, `run_folds` fits and predicts, `task` sets time limits.

`dispatch` gives the tasks out and survives dead workers, `parcel` packs them, `dask` reaches a cluster. The processes
of this machine are those of `datasets.common.process_pool`.
"""
