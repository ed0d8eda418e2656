"""The iris data and users' CSV files: what is read, and what is refused, in one line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

import jacobians
from jacobians import DataError
from jacobians.experiments.datasets import Scale, load_iris, read_csv, split

DATA = Path(jacobians.__file__).parent / "experiments" / "data"


def test_iris_is_fishers_table() -> None:
    table = load_iris()
    assert table.features.shape == (150, 4)
    assert table.columns == ("sepal_length", "sepal_width", "petal_length", "petal_width")
    assert table.classes == ("setosa", "versicolor", "virginica")
    assert table.target.sum(axis=0).tolist() == [50.0, 50.0, 50.0]
    # the two flowers in which common copies differ from the paper
    assert table.features[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert table.features[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    # the means of Fisher's Table II
    np.testing.assert_allclose(table.features[:50].mean(axis=0), [5.006, 3.428, 1.462, 0.246], atol=1e-9)
    np.testing.assert_allclose(table.features[50:100].mean(axis=0), [5.936, 2.770, 4.260, 1.326], atol=1e-9)


def test_the_provenance_names_the_file_that_ships() -> None:
    digest = hashlib.sha256((DATA / "iris.csv").read_bytes()).hexdigest()
    assert digest in (DATA / "PROVENANCE.md").read_text(encoding="utf-8")


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_target_of_words_is_classes_and_one_of_numbers_a_measurement(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "x,y,kind,size\n1,2,b,10\n3,4,a,20.5\n\n5,6,b,30\n")
    with pytest.raises(DataError, match="'kind': 'b' is not a number"):
        read_csv(path, "size")
    path = write(tmp_path / "b.csv", "x,kind\n1,b\n3,a\n5,b\n")
    table = read_csv(path, "kind")
    assert (table.classes, table.target.tolist()) == (("b", "a"), [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    path = write(tmp_path / "c.csv", '\ufeff"x","size"\n1,10\n3,20.5\n')
    table = read_csv(path, "size")
    assert (table.classes, table.target.tolist()) == ((), [[10.0], [20.5]])
    path = write(tmp_path / "d.csv", "x,digit\n1,7\n3,9\n2,7\n")
    assert read_csv(path, "digit", classification=True).classes == ("7", "9")


BAD = {
    "empty": ("", "the file is empty"),
    "blank lines": ("\n\n", "the file is empty"),
    "only a header": ("x,y\n", "a header and no rows"),
    "no such column": ("x,z\n1,2\n", "line 1: no column 'y'; the columns are x, z"),
    "a column twice": ("x,x,y\n1,2,3\n", "line 1: two columns are called 'x'"),
    "one column": ("y\n1\n2\n", "'y' is the only column"),
    "a short row": ("x,y\n1,2\n3\n", "line 3: 1 values, and the header has 2 columns"),
    "a long row": ("x,y\n1,2,3\n", "line 2: 3 values, and the header has 2 columns"),
    "text": ("x,y\n1,2\ntwo,2\n", "line 3, column 'x': 'two' is not a number"),
    "NaN": ("x,y\n1,2\nnan,2\n", "line 3, column 'x': the value is nan"),
    "infinity": ("x,y\n-inf,2\n", "line 2, column 'x': the value is -inf"),
    "missing": ("x,y\n1,2\n,2\n", "line 3, column 'x': the value is missing"),
    "NaN in the target": ("x,y\n1,2\n1,nan\n", "line 3, column 'y': the value is nan"),
    "missing target": ("x,y\n1,a\n1,\n", "line 3, column 'y': the value is missing"),
    "one class": ("x,y\n1,a\n2,a\n", "column 'y': every row is 'a'; at least two classes are needed"),
    "an open quote": ('x,y\n1,"2\n', "not CSV"),
    "too many classes": ("x,y\n" + "".join(f"{k},word{k}\n" for k in range(30)), "30 different values in 30 rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files(tmp_path: Path, name: str) -> None:
    text, message = BAD[name]
    path = write(tmp_path / "data.csv", text)
    with pytest.raises(DataError) as caught:
        read_csv(path, "y")
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_csv(tmp_path / "nothing.csv", "y")
    with pytest.raises(DataError, match="is a directory"):
        read_csv(tmp_path, "y")
    path = tmp_path / "latin.csv"
    path.write_bytes("größe,y\n1,2\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"not UTF-8 text \(byte 2\)"):
        read_csv(path, "y")


def test_scale() -> None:
    values = np.array([[1.0, 5.0], [3.0, 5.0]])
    scaled = Scale.of(values).apply(values)
    assert scaled.tolist() == [[-1.0, 0.0], [1.0, 0.0]]  # a constant column is only shifted


@pytest.mark.parametrize(("rows", "held_out"), [(2, 1), (5, 1), (150, 30)])
def test_split_holds_rows_out_once(rows: int, held_out: int) -> None:
    training, other = split(rows, np.random.default_rng(0))
    assert len(other) == held_out
    assert sorted([*training, *other]) == list(range(rows))


def test_a_single_row_cannot_be_split() -> None:
    with pytest.raises(DataError, match="at least 2 rows"):
        split(1, np.random.default_rng(0))
