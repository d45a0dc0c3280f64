"""Golden files: the exact bytes that every seal, TLS mode and version renders to.

`python -m tests.golden` writes them anew; a review then sees each byte that changes for every user at the next `up`.
"""
