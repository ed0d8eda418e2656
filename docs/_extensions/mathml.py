"""Mathematics as MathML, made at build time by math-core. LaTeX that it does not know is a warning with its place."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
CONVERTER = LatexToMathML(fancy_error=False, annotation=False, allow_unreliable_rendering=True)


#: Words with a formula among them, as in \\text{by $x$}, which math-core does not read.
MIXED = re.compile(r"\\text\{([^{}$]*)\$([^$]*)\$([^{}$]*)\}")


def mathml(latex: str, block: bool, node: nodes.Node) -> str:
    """The MathML of `latex`; several lines that align on & and end in \\\\ need no environment of their own."""
    if block and "\\\\" in latex and "\\begin" not in latex:
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    latex = MIXED.sub(r"\\text{\1}\2\\text{\3}", latex)
    try:
        return CONVERTER.convert_with_local_state(latex, displaystyle=block)
    except LatexError as error:
        LOGGER.warning("mathematics: %s in %r", error, latex, location=node)
        return f"<code>{nodes.unescape(latex)}</code>"


def visit_inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), False, node))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
    translator.body.append(mathml(node.astext(), True, node))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
