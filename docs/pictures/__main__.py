"""`python -m docs.pictures`: draws every picture of the documentation again."""

from __future__ import annotations

from pathlib import Path

from . import PICTURES

for name, picture in PICTURES.items():
    path = Path(__file__).with_name(f"{name}.svg")
    picture().save(path)
    print(path)
