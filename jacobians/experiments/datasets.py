"""Tables of numbers: Fisher's iris data, which ship with the package, and a user's own CSV files.

What is read is checked before anything is computed: an error is one line with the file, the line and the column.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from ..notation.ascii import visible
from ..shapes.formatting import show_bytes
from ..shapes.memory import available, refuse_if_too_large

Array = np.ndarray[Any, Any]

#: The share of the memory that is free which the text of a file may take: as Python's objects it takes ten times that.
SHARE_OF_TEXT = 1 / 16


@dataclass(frozen=True)
class Table:
    """Rows of measurements, N × d, with a target for each.

    `target` is N × n: one-hot rows for `classes`, in the order of first appearance; or, where `classes` is empty, one
    column of numbers.
    """

    name: str
    columns: tuple[str, ...]
    features: Array
    target_name: str
    target: Array
    classes: tuple[str, ...]

    @property
    def rows(self) -> int:
        return len(self.features)


@dataclass(frozen=True)
class Scale:
    """A shift and a scale for each column."""

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, values: Array) -> Scale:
        """Mean and standard deviation of the columns; a constant column is only shifted.

        Raises `DataError` where squares of the values overflow.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            mean, deviation = values.mean(axis=0), values.std(axis=0)
        if not (np.all(np.isfinite(mean)) and np.all(np.isfinite(deviation))):
            raise DataError("the numbers of a column are too large to be standardised; give them in a larger unit")
        return cls(mean, np.where(deviation > 0, deviation, 1.0))

    def apply(self, values: Array) -> Array:
        scaled: Array = (values - self.mean) / self.deviation
        return scaled


def load_iris() -> Table:
    """Fisher's iris data: 150 × 4 in centimetres, three species; `data/PROVENANCE.md` tells where they come from.

    >>> table = load_iris()
    >>> table.features.shape, table.classes
    ((150, 4), ('setosa', 'versicolor', 'virginica'))
    """
    source = files(__package__).joinpath("data", "iris.csv")
    return _table("Fisher's iris data", source.read_text(encoding="utf-8"), "species", True)


def read_csv(path: str | Path, target: str, classification: bool = False) -> Table:
    """The table in a CSV file with a header line; every column but `target` is a number.

    A target of words is classes. One of numbers is a measurement, unless `classification` asks for classes. Raises
    `DataError`, one line with file, line and column, for a file that cannot be read, is empty or ragged, lacks the
    column, or has a value that is missing, no number, or not finite.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise DataError(f"a table is read from a file, got {type(path).__name__} for its path")
    if not isinstance(target, str):
        raise DataError(f"{path}: the target is the name of a column, got {target!r}")
    name = visible(os.fspath(path))
    try:
        text = _read_text(Path(path), name)
    except FileNotFoundError:
        raise DataError(f"{name}: no such file") from None
    except IsADirectoryError:
        raise DataError(f"{name}: is a directory, not a CSV file") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except DataError:
        raise
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise DataError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return _table(name, text, visible(target), classification)


def _read_text(path: Path, name: str) -> str:
    """A file in UTF-8, read piece by piece: what has no end, or does not end in time, is refused."""
    limit = SHARE_OF_TEXT * (available() or 1 << 34)
    pieces: list[bytes] = []
    size = 0
    with path.open("rb") as file:
        for piece in iter(partial(file.read, 1 << 20), b""):
            if b"\0" in piece:
                raise DataError(f"{name}: not UTF-8 text: it has bytes that are zero (as UTF-16 has); save it as UTF-8")
            size += len(piece)
            if size > limit:
                raise DataError(f"{name}: more than {show_bytes(limit)} of text, which is what fits here; take a part")
            pieces.append(piece)
    return b"".join(pieces).decode("utf-8-sig")


def _table(name: str, text: str, target: str, classification: bool) -> Table:
    header, records = _records(name, text)
    repeated = [column for column, count in Counter(header).items() if count > 1]
    if repeated:
        raise DataError(f"{name}, line 1: two columns are called {repeated[0]!r}")
    if target not in header:
        raise DataError(f"{name}, line 1: no column {target!r}; the columns are {', '.join(header)}")
    if len(header) < 2:
        raise DataError(f"{name}, line 1: {target!r} is the only column; there is nothing to predict it from")
    position = header.index(target)
    columns = tuple(column for column in header if column != target)
    features = np.empty((len(records), len(columns)))
    for row, (line, record) in enumerate(records):
        values = record[:position] + record[position + 1 :]
        features[row] = [_number(name, line, column, value) for column, value in zip(columns, values, strict=True)]
    words = [visible(record[position]) for _, record in records]
    if not classification and all(_is_number(word) for word in words):
        numbers = [_number(name, line, target, record[position]) for line, record in records]
        return Table(name, columns, features, target, np.array(numbers)[:, None], ())
    for (line, _), word in zip(records, words, strict=True):
        if not word or word.lower() == "nan":
            raise DataError(f"{name}, line {line}, column {target!r}: the value is missing")
    classes = tuple(dict.fromkeys(words))
    if len(classes) == 1:
        raise DataError(f"{name}, column {target!r}: every row is {classes[0]!r}; at least two classes are needed")
    if len(classes) > max(10, len(words) // 2):
        raise DataError(
            f"{name}, column {target!r}: {len(classes)} different values in {len(words)} rows are not classes; choose "
            "another target column, or the squared loss for a target of numbers"
        )
    refuse_if_too_large([(len(words), len(classes))], f"{name}, column {target!r}: a row for each", "Take fewer rows.")
    number = {word: place for place, word in enumerate(classes)}
    one_hot = np.zeros((len(words), len(classes)))
    one_hot[np.arange(len(words)), [number[word] for word in words]] = 1.0
    return Table(name, columns, features, target, one_hot, classes)


def _records(name: str, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and every further row with the number of its line; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        for record in reader:
            if any(value.strip() for value in record):
                rows.append((reader.line_num, [value.strip() for value in record]))
    except csv.Error as error:
        raise DataError(f"{name}, line {reader.line_num}: not CSV: {error}") from None
    if not rows:
        raise DataError(f"{name}: the file is empty")
    (_, first), *records = rows
    header = [visible(column) for column in first]  # they are printed
    if not records:
        raise DataError(f"{name}: a header and no rows")
    for line, record in records:
        if len(record) != len(header):
            raise DataError(f"{name}, line {line}: {len(record)} values, and the header has {len(header)} columns")
    return header, records


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _number(name: str, line: int, column: str, text: str) -> float:
    where = f"{name}, line {line}, column {column!r}"
    if not text:
        raise DataError(f"{where}: the value is missing")
    if not _is_number(text):
        raise DataError(f"{where}: {text!r} is not a number")
    value = float(text)
    if not isfinite(value):
        raise DataError(f"{where}: the value is {text}; finite numbers are needed")
    return value


def split(rows: int, rng: np.random.Generator, held_out: float = 0.2) -> tuple[Array, Array]:
    """Row numbers for training and held-out rows, shuffled; at least one of each. Raises `DataError` below two rows."""
    if rows < 2:
        raise DataError(f"training needs at least 2 rows, one of them held out; the data have {rows}")
    order = rng.permutation(rows)
    count = min(max(round(held_out * rows), 1), rows - 1)
    return np.sort(order[count:]), np.sort(order[:count])
