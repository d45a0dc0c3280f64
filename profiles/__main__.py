"""`python -m profiles`: the contract on the command line."""

import gc
import os

# A short-lived process: collecting garbage while modules load costs more than it frees, and scanning every installed
# package for pydantic plugins costs more than a whole check.
gc.disable()
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from profiles.cli import main  # noqa: E402 - the two settings have to come first

if __name__ == "__main__":
    main()
