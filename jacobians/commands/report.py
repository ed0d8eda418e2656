"""The study as text of at most 80 columns, and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..experiments.comparison import HAND_WRITTEN, Measurement
from ..shapes.formatting import show_bytes, show_count, show_ratio, show_seconds
from ..shapes.sizes import show_shape
from .streams import is_plain, styled
from .study import Gradient, Study

WIDTH = 80


def console() -> Console:
    """A console on standard output, 80 columns wide wherever it leads."""
    return Console(file=styled(sys.stdout), width=WIDTH, highlight=False, emoji=False, markup=False)


def write(study: Study, out: Console) -> None:
    """The whole report."""
    _heading(study, out)
    _forward(study, out)
    for gradient in study.gradients:
        _gradient(gradient, out)
    _orders("Gradients of all parameters, one row, in each order", study.orders, out)
    if study.batch_orders is not None:
        _orders(f"Gradients of all parameters, a batch of {study.batch} rows", study.batch_orders, out)
    if study.epochs:
        _training(study, out)


def _heading(study: Study, out: Console) -> None:
    network, options, table = study.network, study.options, study.table
    predicted = f"predicts {table.target_name}"
    if table.classes:
        names = ", ".join(table.classes)
        predicted += f", {len(table.classes)} classes" + (f" ({names})" if len(names) < 50 else "")
    loss = "ℓ = ½‖r‖², r = ŷ − t" if network.loss_name == "squared" else "ℓ = softmax cross-entropy of ŷ and t"
    parameters = "W̃ = [W | b]" if network.augmented else "W and b apart"
    out.print(Text("Backpropagation as the literal product", style="bold"))
    lines = (
        f"data     {table.name}, {table.rows} rows × {len(table.columns)} columns, standardised",
        f"         {predicted}",
        f"network  {' → '.join(map(str, network.sizes))}, σ = {network.activation}, {parameters}, seed {options.seed}",
        f"loss     {loss}",
    )
    for line in lines:
        out.print(Text(line), overflow="fold")


def _forward(study: Study, out: Console) -> None:
    rows = [(one.symbol, one.definition, show_shape(one.value.shape), _numbers(one.value)) for one in study.forward]
    _section(f"Forward, row {study.options.row} of the data", out)
    table = _plain_table("", "", "shape", "values")
    for symbol, definition, shape, values in rows:
        table.add_row(symbol, f"= {definition}", shape, values)
    out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _numbers(array: Any, room: int = 28) -> str:
    """The first entries of an array, as many as fit, with … for the rest."""
    entries = [f"{value:.3f}".replace("-", "−") for value in np.ravel(array)]
    text = ""
    for place, entry in enumerate(entries):
        longer = f"{text} {entry}".strip()
        if len(longer) > room - 2 * (place < len(entries) - 1):
            return f"{text} …"
        text = longer
    return text


def _gradient(gradient: Gradient, out: Console) -> None:
    _section(f"{gradient.symbol} = {' · '.join(factor.symbol for factor in gradient.factors)}", out)
    table = _plain_table("factor", "shape", "item", "structure")
    for factor in gradient.factors:
        table.add_row(factor.symbol, show_shape(factor.shape), factor.item or "–", factor.structure)
    table.add_row("product", show_shape(gradient.shape), gradient.item or "–", gradient.closed_form)
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    compared = (
        "" if gradient.differences == gradient.entries else f" ({gradient.differences} of {gradient.entries} entries)"
    )
    _pairs(
        (
            ("einsum", f"{gradient.einsum}  over {', '.join(gradient.operands)}"),
            (
                "largest difference",
                f"{gradient.to_hand_written:.1e} to hand-written backpropagation,\n"
                f"{gradient.to_central:.1e} to central differences{compared}",
            ),
        ),
        out,
    )


def _pairs(pairs: Sequence[tuple[str, str]], out: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, text in pairs:
        table.add_row(Text(name), Text(text))
    out.print(Padding(table, (0, 0, 0, 2), expand=False))


def _orders(title: str, orders: Sequence[Measurement], out: Console) -> None:
    _section(title, out)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("order", no_wrap=True)
    for heading in ("multiplications", "largest", "time", "ratio", "peak memory"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in orders:
        name = f"{HAND_WRITTEN} VJP" if one.order == HAND_WRITTEN else one.order
        ran = one.seconds is not None and one.ratio is not None and one.peak is not None
        table.add_row(
            name,
            show_count(one.multiplications),
            show_count(one.largest),
            show_seconds(one.seconds or 0.0) if ran else one.skipped,
            show_ratio(one.ratio or 0.0) if ran else "–",
            show_bytes(one.peak or 0) if ran else f"> {show_bytes(8 * one.largest)}",
        )
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    out.print(
        Text(
            "  Multiplications and entries of the largest array are of the backward pass, by\n"
            "  count. Time, its ratio to the hand-written VJP and peak memory are measured,\n"
            "  forward pass included.",
            style="dim",
        )
    )


def _training(study: Study, out: Console) -> None:
    options = study.options
    _section(
        f"Training: {options.epochs} epochs, batches of {study.batch}, rate {options.rate:g}; "
        f"{study.held_out} rows held out",
        out,
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("epoch", justify="right")
    for path in (f"literal product ({options.order})", HAND_WRITTEN):
        table.add_column(f"{path}\nloss", justify="right")
        table.add_column("\naccuracy", justify="right")
    shown = sorted({0, *range(0, options.epochs + 1, max(1, options.epochs // 10)), options.epochs})
    for epoch in (study.epochs[number] for number in shown):
        cells = [str(epoch.number)]
        for score in epoch.scores:
            cells += [f"{score.loss:.6f}", "–" if score.accuracy is None else f"{100 * score.accuracy:.1f} %"]
        table.add_row(*cells)
    out.print(Padding(table, (0, 0, 0, 2), expand=False))
    apart = max(abs(epoch.scores[0].loss - epoch.scores[1].loss) for epoch in study.epochs)
    out.print(Text(f"  The two loss curves differ by at most {apart:.1e}."))


def _section(title: str, out: Console) -> None:
    out.print()
    if cell_len(title) > WIDTH:
        title = title.replace(" = ", "\n  = ", 1)
    out.print(Text(title, style="bold"), overflow="fold")


def _plain_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, show_header=any(headings), header_style="dim", padding=(0, 2, 0, 0))
    for place, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=place in (0, 2))
    return table


def as_json(study: Study) -> str:
    """One JSON document with everything that the text shows, and the values in full."""
    network, table = study.network, study.table
    document = {
        "data": {
            "name": table.name,
            "rows": table.rows,
            "columns": table.columns,
            "target": table.target_name,
            "classes": table.classes,
        },
        "network": {
            "sizes": network.sizes,
            "activation": network.activation,
            "loss": network.loss_name,
            "augmented": network.augmented,
        },
        "options": asdict(study.options),
        "forward": [
            {
                "name": one.name,
                "symbol": one.symbol,
                "definition": one.definition,
                "shape": one.value.shape,
                "value": one.value.tolist(),
            }
            for one in study.forward
        ],
        "gradients": [asdict(gradient) for gradient in study.gradients],
        "orders": [asdict(one) for one in study.orders],
        "batch_orders": None if study.batch_orders is None else [asdict(one) for one in study.batch_orders],
        "training": [
            {
                "epoch": epoch.number,
                "literal": asdict(epoch.scores[0]),
                "hand_written": asdict(epoch.scores[1]),
            }
            for epoch in study.epochs
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=is_plain(sys.stdout))
