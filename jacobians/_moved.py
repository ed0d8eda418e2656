"""The modules of version 0.1 under the names that they had: importing one warns, and gives the module as it is now.

`docs/moved.md` lists them. This file goes with the next version.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

#: Packages by the modules that moved into them; a module that was renamed is written `old=new`.
_PACKAGES = {
    "arrays": "structured",
    "chain_rule": "chains contraction=contraction_orders elimination derivatives=local_rules mirrors=symmetry",
    "checking": "subjects=claims diagnosis differences closures=named_constants reports verification",
    "checking.mistakes": "mistakes.axes mistakes.case mistakes.chain mistakes.structure mistakes.values",
    "compiler": (
        "binding compiling contraction_code=contractions evaluation network_code=sums codegen=program lines=builder"
    ),
    "compiler.passes": "in_place=buffer_reuse",
    "compiler.printers": "dispatch=guards emission=numpy_products",
    "compiler.rewrites": "common_factors fusing=fusion signs weighted_squares",
    "differentiation": "jacobian_tensor materializing=jacobian_tensor containers=pytrees tracing transforms",
    "experiments": "comparison datasets measure training",
    "explaining": "explaining.teacher=derivation_builder explaining.words=phrases",
    "expressions": (
        "freezing=delta_patterns display flattening index_maps selection=index_maps expression=nodes "
        "lengths=nodes terms unsupported"
    ),
    "functions": "elementwise indexing layers linear_algebra algebra=operators products reductions",
    "numpy_api": (
        "numpy_contractions=contractions numpy_shapes=cutting_and_joining numpy_diagonals=diagonals "
        "numpy_products=products numpy_protocol=protocol numpy_functions=shaping_and_reductions"
    ),
    "reading.answers": (
        "reading.deciding reading.derivation reading.points=random_points reading.remedies "
        "reading.shape_report reading.trials reading.verdicts"
    ),
    "reading.meaning": (
        "reading.blocks reading.calls reading.claims reading.declarations reading.differentials "
        "reading.parts=elaborated reading.elaboration reading.entries reading.factors reading.naming_parts "
        "reading.powers reading.repairs reading.step_names reading.subscripts reading.unsized reading.values "
        "reading.vocabulary"
    ),
    "reading.syntax": (
        "reading.disambiguation reading.places=source_positions reading.spelling reading.tokens reading.tree"
    ),
    "render": "render.drawn=dispatch_drawing",
    "render.output": "render.notebook render.page render.svg render.terminal",
    "render.placement": (
        "render.boxes render.chain_parts render.chain_placement render.column_placement "
        "render.graph_placement render.metrics render.network_placement render.picture render.slice_placement"
    ),
    "render.scenes": (
        "render.backpropagation render.hues render.points=named_steps render.palette render.scene "
        "render.slices render.card=summary render.support render.tensor_network"
    ),
    "shapes": "broadcasting units=formatting layout memory naming=names sizes",
}

MOVED = {
    f"jacobians.{old}": f"jacobians.{package}.{new or old.rpartition('.')[2]}"
    for package, names in _PACKAGES.items()
    for old, _, new in (name.partition("=") for name in names.split())
}


class _Alias(Loader):
    """Loads a module that moved, from where it is now."""

    def __init__(self, old: str) -> None:
        self._old = old

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        new = MOVED[self._old]
        warnings.warn(
            f"the module {self._old} is now {new}; what is public comes from jacobians itself",
            DeprecationWarning,
            stacklevel=2,
        )
        module = import_module(new)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing runs again; the module keeps its own specification."""
        module.__spec__ = self._spec


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, _Alias(name)) if name in MOVED else None


sys.meta_path.append(_Finder())
