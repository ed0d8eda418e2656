"""The derivative identities of Petersen and Pedersen, *The Matrix Cookbook*, section 2 (version of November 15, 2012).

`ROWS` are the identities as data, `OMITTED` those that cannot be expressed. `python -m docs.cookbook` writes the page
`docs/cookbook.md` from them, and with `--check` tells whether it is up to date.
"""

from . import determinants, forms, higher, inverses, norms, rules, structured, traces
from .row import Omitted, Row

SECTIONS = {
    "Rules for differentials": rules.ROWS,
    "Determinants (2.1)": determinants.ROWS,
    "Inverses and eigenvalues (2.2, 2.3)": inverses.ROWS,
    "Matrices, vectors and scalar forms (2.4)": forms.ROWS,
    "Traces (2.5)": traces.ROWS,
    "Norms (2.6, 2.7)": norms.ROWS,
    "The chain rule, structured matrices (2.8)": structured.ROWS,
    "Second and third derivatives beyond the Cookbook": higher.ROWS,
}
ROWS = [row for rows in SECTIONS.values() for row in rows]
OMITTED = [*rules.OMITTED, *inverses.OMITTED, *forms.OMITTED, *traces.OMITTED]

__all__ = ["OMITTED", "ROWS", "SECTIONS", "Omitted", "Row"]
