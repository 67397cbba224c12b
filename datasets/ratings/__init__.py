"""People's ratings judged: raters modelled and screened, intervals, yes/no answers, the set and report made of them.

`table` holds JNDs by rater and picture, `bias_model` takes them apart, `screening` says who is left out and why,
`intervals` how far a picture's truths are known, `yes_no` what answers at given levels tell of JNDs.
"""
