"""What people write, read into frozen models: `mainstem.yaml` and the Collector's configuration.

`document` keeps each value's line and column, `validate` turns a mismatch into a problem there, and
all problems of a file are told at once.
"""
