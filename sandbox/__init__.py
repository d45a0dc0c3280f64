"""An embedded Kubernetes and Pulumi engine for development and tests.

Nothing in ``components`` or ``profiles`` knows this package: a stack that runs here runs on any cluster, and the other
way round. ``docs/sandbox.md`` says what is real here and what is not.
"""
