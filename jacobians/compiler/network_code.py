"""Code for networks: sums of contractions, written through views where their outputs repeat an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from ..expressions.delta_patterns import split
from ..expressions.index_maps import Merger, Selector
from ..expressions.nodes import Adjoint, EinsumSum, EinsumTerm
from ..shapes.sizes import bind_size
from .common_factors import CommonFactor, common_factor
from .contraction_code import ContractionWriter, cut, shape_of
from .numpy_source import LETTERS, aligned, insert_axes, join_sum
from .statements import Lines, Value


def _distinct(indices: tuple[int, ...]) -> bool:
    return len(set(indices)) == len(indices)


class NetworkWriter:
    """Writes networks into `lines`. `values` are those of the operands, by serial number."""

    def __init__(self, lines: Lines, sizes: Mapping[str, int], values: Mapping[int, Value], order: str) -> None:
        self._lines = lines
        self._sizes = sizes
        self._contraction = ContractionWriter(lines, sizes, values, order)

    def write(self, node: EinsumSum, terms: Sequence[EinsumTerm], derivative: bool) -> Value:
        """The lines for one network, of its terms or of others that are equal.

        `derivative` tells a step of the chain rule from a forward value.
        """
        shape = shape_of(node, self._sizes)
        if not terms:
            return self._lines.emit(f"np.zeros({shape})", shape, derivative=derivative)
        free = isinstance(node, Adjoint)
        parts = [split(term)[0] for term in terms]
        plain = [len(structure.operands) == 1 and _distinct(structure.output) for structure in parts]
        whole = [term for term, is_plain in zip(terms, plain, strict=True) if is_plain]
        common = common_factor(whole, self._sizes)
        if common is None:
            dense = [self._aligned(term, derivative, free, signed=len(whole) > 1) for term in whole]
        else:
            dense = [self._factored(common, shape, derivative, free)]
        scattered: list[tuple[EinsumTerm, Value]] = []
        for term, structure, is_plain in zip(terms, parts, plain, strict=True):
            if not is_plain:
                _, core = split(term)
                value = self._contraction.write(core, term.coefficient, derivative, free, signed=False)
                scattered.append((structure, value))
        if len(dense) == 1 and not scattered and len(dense[0].shape) == len(shape):
            (only,) = dense
            return self._lines.emit(only.text, shape, derivative=derivative) if only.text.startswith("-") else only
        if len(dense) == 1 and not scattered and not terms[0].operands:  # the same number everywhere
            return self._lines.emit(f"np.full({shape}, {dense[0].text})", shape, derivative=derivative)
        total = join_sum([value.text for value in dense])
        full = any(len(value.shape) == len(shape) for value in dense)
        if not scattered:
            if full:
                return self._lines.emit(total, shape, derivative=derivative)
            return self._lines.emit(f"np.broadcast_to({total}, {shape}).copy()", shape, derivative=derivative)
        if dense:  # a reshape of the result must be a view of it, so it is stored in C order
            text = f"np.array({total}, order='C')" if full else f"np.broadcast_to({total}, {shape}).copy(order='C')"
            reshaped = any(isinstance(one, (Merger, Selector)) for term, _ in scattered for one in term.operands)
            own = len(dense) == 1 and dense[0].fresh and not self._lines.is_shared(dense[0])
            if full and not reshaped and (own or len(dense) > 1 or total.startswith("-")):
                text = total
            fresh = text == total and own
            out = dense[0] if fresh else self._lines.emit(text, shape, derivative=derivative)
        else:
            out = self._lines.emit(f"np.zeros({shape})", shape, derivative=derivative)
        if self._lines.is_shared(out):  # it is read elsewhere as it is
            out = self._lines.emit(f"{out.text}.copy()", shape, derivative=derivative)
        self._lines.is_written_into(out)
        empty = not dense
        for structure, value in scattered:
            self._scatter(out, structure, value, "=" if empty else "+=")
            empty = False
        return out

    def _aligned(self, term: EinsumTerm, derivative: bool, free: bool, signed: bool) -> Value:
        """A term without deltas, with new axes where it has none: a difference of arrays takes no product with −1."""
        structure, core = split(term)
        value = self._contraction.write(core, term.coefficient, derivative, free, signed)
        text = value.text + insert_axes([index in structure.indices[0] for index in term.output])
        return Value(text, value.shape, value.fresh and text == value.text)

    def _factored(self, common: CommonFactor, shape: tuple[int, ...], derivative: bool, free: bool) -> Value:
        """A sum of terms that have a factor in common: the sum of what is left of them, times the factor."""
        parts = [self._aligned(term, derivative, free, signed=True) for term in common.rest]
        held = [any(index in term.held for term in common.rest) for index in common.rest[0].output]
        first = held.index(True) if any(held) else len(held)
        inner = tuple(size if here else 1 for size, here in zip(shape, held, strict=True))[first:]
        total = self._lines.emit(join_sum([part.text for part in parts]), inner, derivative=derivative)
        factor = aligned(self._contraction.value(common.operand).text, common.indices, common.output)
        text = f"{factor} * {total.text}"
        own = [here or index in common.indices for here, index in zip(held, common.output, strict=True)]
        if not all(own):  # an axis that nothing has
            text = f"np.broadcast_to({text}, {shape}).copy()"
        return self._lines.emit(text, shape, prod(shape), derivative)

    def _scatter(self, out: Value, structure: EinsumTerm, value: Value, how: str) -> None:
        """Write a compressed array through a view of `out` that walks the deltas and index maps: no zero is touched.

        Listed entries are no view. They are written by their places, added one by one where some occur twice.
        """
        picks = [one.pick for one in structure.operands[1:] if isinstance(one, Selector) and one.pick.indices]
        source = f"np.arange({prod(out.shape)}).reshape({out.shape})" if picks else out.text
        view, distinct, lengths = self._view(source, out.shape, structure)
        if structure.output == (0, 0) and not structure.operands[1:] and self._lines.is_in_c_order(out):
            view = f"{out.text}.reshape(-1)[::{out.shape[0] + 1}]"  # the diagonal
            self._lines.write(f"{view} {how} {value.text}")
            return
        core_axes = structure.indices[0]
        text = value.text + insert_axes([index in core_axes for index in distinct])
        if not picks:
            self._lines.write(f"{view}[...] {how} {text}")
            return
        flat = f"{out.text}.reshape(-1)"
        if all(pick.injective for pick in picks):
            self._lines.write(f"{flat}[{view}] {how} {text}")
        else:  # np.add.at reads past the end of values that it would have to broadcast
            if len(core_axes) < len(distinct):
                text = f"np.broadcast_to({text}, {lengths})"
            self._lines.write(f"np.add.at({flat}, {view}, {text})")

    def _view(self, text: str, shape: tuple[int, ...], structure: EinsumTerm) -> tuple[str, list[int], tuple[int, ...]]:
        """Source for the entries that a structure writes, their axes and the lengths of these."""
        axes, sizes = list(structure.output), list(shape)
        for index_map, (big, *smalls) in zip(structure.operands[1:], structure.indices[1:], strict=True):
            lengths = [bind_size(size, self._sizes) for size in index_map.shape[1:]]
            for place in [place for place, index in enumerate(axes) if index == big][::-1]:
                if isinstance(index_map, Selector):
                    text += cut(self._lines, self._sizes, index_map.pick, place, sizes[place])
                axes[place : place + 1] = smalls
                sizes[place : place + 1] = lengths
                if isinstance(index_map, Merger):
                    text += f".reshape({tuple(sizes)})"
        distinct = list(dict.fromkeys(axes))
        if len(distinct) < len(axes):
            letters = dict(zip(distinct, LETTERS, strict=False))
            whole = "".join(letters[index] for index in axes)
            text = f"np.einsum('{whole}->{''.join(letters[index] for index in distinct)}', {text})"
        lengths_of = dict(zip(axes, sizes, strict=True))
        return text, distinct, tuple(lengths_of[index] for index in distinct)
