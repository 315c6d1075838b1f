"""Whether labels are those of a model's classes, and which of them are probably wrong.

`numbering.py` weighs how the labels may be numbered, by the model's first choices;
`errors.py` finds images whose own label the scores contradict.
"""
