"""Kubernetes objects: pure builders, one object per function, and the one place that turns manifests into resources."""
