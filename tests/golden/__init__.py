"""What the Collector's redaction processor does, recorded from the collector itself."""
