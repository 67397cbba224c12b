"""The report's figures: a file is named after what it draws, and `catalogue.py` lists all of them.

A new figure is one function in a file here and one record in `catalogue.py`. A figure of a section is a function
`(section) -> Drawing | None`. A figure of one run is two functions: one makes the axes that all runs of a section
share, the other adds a run to them. `style.py` has colours and file formats; `layout.py` has what figures share (row
styles, axis limits, titles, legends); `error_histogram_and_scatter.py` draws the axes that runs share once.
"""
