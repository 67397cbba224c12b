"""A study in which people rate pictures in a browser: `python -m datasets.rate`.

`settings` stands before the first rater, `folder` and `prepare` make the pictures, `database` keeps what raters do.
`study` is what a rater sees: `entry` the way in and out, `plan` the order of trials, `issue` the next one, `made_up`
ladders whose right answer is known, `adaptive` the next yes/no question, `answers` what is accepted as one. `server`
has the routes and what they refuse, `collected` what there is so far, `owner` its live numbers, `export` the set;
`page` is what browsers load.
"""
