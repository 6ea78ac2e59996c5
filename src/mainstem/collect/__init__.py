"""One region's collector.

`plan` says what it is to run, `supervise` sees that it runs, and `upload` brings its sealed
segments to the store. Records pass through `mainstem._core` alone.
"""
