"""A study in which people rate pictures in a browser: `python -m datasets.rate`.

`settings` is what stands before the first rater, `prepare` makes the pictures, `database` keeps what raters do,
`made_up` has the ladders whose right answer is known, `plan` the order of trials, `adaptive` the next yes/no question,
`study` what a rater sees next, `entry` the way in and out, `answers` what is accepted as an answer, `server`
the routes and what they refuse, `owner` the live numbers, `folder` the study on the disk, `export` the set. `page` is what
browsers load.
"""
