"""Coverage-guided fuzzing of the reader with atheris, by hand and outside CI.

    pip install atheris
    python tests/reading/fuzz_reading.py -max_total_time=300 -timeout=20 -max_len=200 -len_control=0

The first byte of an input chooses whether the rest are pieces of notation or characters. An exception that is not ours,
an error without a place, and a text that takes longer than the timeout are findings. What is
read has a place and a shape in every part.
"""

from __future__ import annotations

import sys
from collections.abc import Callable


def fuzzed() -> Callable[[bytes], None]:
    """The function that reads one text; the reader is imported under atheris, which follows its branches."""
    import atheris

    with atheris.instrument_imports(include=["jacobians.reading"]):
        from jacobians.reading import entry
        from jacobians.reading.meaning import repairs
        from jacobians.reading.syntax.source_positions import Place

    from test_reading_fuzz import PIECES, SIZES

    from jacobians.errors import ParseError, ShapeError

    repairs.MOST_TRIED = 6  # more inputs a second: each repair reads again

    def one_input(data: bytes) -> None:
        """Read one text."""
        provider = atheris.FuzzedDataProvider(data)
        if provider.ConsumeBool():
            text = "".join(PIECES[byte % len(PIECES)] for byte in provider.ConsumeBytes(60))
        else:
            text = provider.ConsumeUnicodeNoSurrogates(200)
        try:
            found = entry.read(text, SIZES)
        except (ParseError, ShapeError) as error:
            caught = error
        else:
            look(text, found)
            return
        assert caught.line is not None, text
        assert caught.excerpt, text

    def look(text: str, found: entry.Reading) -> None:
        """What is read has a place and a shape."""
        for _, parts in found.statements:
            for part in parts:
                assert isinstance(part.place, Place)
                assert len(part.value.shape) == part.value.whole.ndim, text

    return one_input


if __name__ == "__main__":
    import atheris

    atheris.Setup(sys.argv, fuzzed())
    atheris.Fuzz()
