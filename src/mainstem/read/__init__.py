"""Reading a region's telemetry in place, where it was written and stays.

`filters` says what is looked for, `places` which blobs may hold it, `scan` reads those, and `trace`
and `otlp` give the answer the shape of a waterfall or of a request that other tools take.
"""
