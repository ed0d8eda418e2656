"""How the documentation is built: `sphinx-build -W -n -b html docs build/docs`. Every output is made by the build."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]
# the cells run in processes of their own: they too show the code that the pages stand beside
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH")]))

import jacobians  # noqa: E402 - the path comes first

project = "jacobians"
copyright = "the authors of jacobians"  # noqa: A001 - Sphinx's name
version = release = jacobians.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_argparse_cli",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",
    "notebook_link",
    "picture_text",
    "public_names",
]
exclude_patterns = ["_extensions", "**/README.md", "pictures"]
nitpicky = True

# --- pages: MyST Markdown; code cells run at every build, and a cell that fails is a warning: -W ---
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# an error that a page shows is its message, without the way to it through files of this machine
profile = Path(tempfile.mkdtemp(), "profile_default")
profile.mkdir()
(profile / "ipython_config.py").write_text('get_config().InteractiveShell.xmode = "Minimal"\n')
os.environ["IPYTHONDIR"] = str(profile.parent)
nb_execution_mode = "force"
nb_execution_show_tb = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_number_source_lines = False
nb_render_markdown_format = "myst"

# --- mathematics: MathML, so that a page needs no script and no network ---
html_math_renderer = "mathml"

# --- the reference, from the docstrings ---
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
default_role = "py:obj"

# --- looks ---
html_theme = "furo"
html_title = "jacobians"
html_static_path = ["_static"]
html_css_files = ["jacobians.css"]
html_copy_source = False
html_show_sphinx = False
copybutton_exclude = ".linenos, .gp, .go"
