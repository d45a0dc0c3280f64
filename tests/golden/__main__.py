"""`python -m tests.golden`: write all golden files anew."""

from __future__ import annotations

import shutil

from tests.golden.cases import FILES, rendered


def main() -> None:
    """Replace the folder of golden files by what is rendered now."""
    shutil.rmtree(FILES, ignore_errors=True)
    count = 0
    for path, text in rendered():
        file = FILES / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        count += 1
    print(f"{count} golden files written")


if __name__ == "__main__":
    main()
