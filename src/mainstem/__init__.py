"""Product telemetry from every region, redacted before it is stored, and turned into answers."""

__version__ = "0.1.0"
