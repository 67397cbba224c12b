"""Tables as files: CSV, Markdown, LaTeX, text, JSON and BibTeX.

`table.py` and `codec_table.py` say what stands in which cell of a table; the other files write it, a format each or two
that are alike. A new format is a function of the sections that gives its text, and an entry in `reports.build.render`.
"""
