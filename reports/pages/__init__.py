"""The report's pages: `index.html`, and one page for each predictor, method, data set and chosen picture.

`index.py` makes the index and lists all other pages; `card_pages.py` makes those of predictors, methods and data
sets; `picture.py` with `picture_pixels.py` and `level_axis.py` makes those of pictures. `html.py` turns a template
into a page; `section_data.py` gives the scripts in `assets/` what they need besides the tables; `report_files.py`
writes files and knows whether a report is up to date. A new page is a template in `templates/`, a function that gives
its text, and an entry in `index.pages`.
"""
