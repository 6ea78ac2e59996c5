"""Contoso Transform: an example B2B product whose telemetry and business data are known in full.

Its customers run transformations of master records under a license limit. What it does in thirty
days is decided by a seed (`scenario`), so that what the pipeline answers can be compared with what
happened (`truth`).
"""
