"""Tables as files: CSV, Markdown, LaTeX, text, JSON and BibTeX.

`table.py` says what stands in which cell of a table; the other files write it in one format each. A new format is a file
with a function of the sections that gives its text, and an entry in `reports.build.render`.
"""
