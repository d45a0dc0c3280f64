"""Figures beside their baselines: `make bench`. Nothing here is a test, and nothing here fails by being slow."""
