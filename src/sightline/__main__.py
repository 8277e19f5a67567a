"""`python -m sightline` is the `sightline` command."""

from sightline.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
