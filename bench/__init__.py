"""Measurements, side by side with others: `python -m bench.core`, `python -m bench.collector`."""
