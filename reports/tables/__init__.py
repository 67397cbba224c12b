"""Tables as CSV, Markdown, LaTeX, text, JSON and BibTeX files."""
