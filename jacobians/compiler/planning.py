"""From derivatives and expressions to one program, in the order that was asked for or the cheapest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from math import inf, prod
from typing import Any, NamedTuple, Protocol

from ..chain_rule.chains import FLAT_TERMS, Chain
from ..chain_rule.contraction_orders import Order
from ..chain_rule.elimination import Swelling
from ..expressions.nodes import Expression
from ..expressions.places import check_places
from ..expressions.walks import walk
from ..shapes.memory import SMALL
from ..shapes.sizes import bind_size
from .builder import Builder
from .lowering import Lowering, Settled, kept_by_the_caller
from .operations import Product
from .printers.numpy import NumpyCode
from .program import DType, Program, Signature, Statement, reachable
from .rewrites.effort import HALVED
from .rewrites.fusion import fused

#: Number of computing statements above which a program is not looked through for what is read once.
FUSED = 200
#: Product of derivatives and nodes up to which several derivatives of a graph are tried in every order.
TRIED = 400


class HasChain(Protocol):
    """The part of `Jacobian` that the compiler needs."""

    @property
    def chain(self) -> Chain: ...


class Plan(NamedTuple):
    """Roots, how they are contracted, and the statements that this comes to."""

    roots: Sequence[Expression]
    order_name: str
    results: list[Statement]
    multiplications: int
    all_multiplications: int
    effort: int  # as the multiplications, where large symmetric products count half
    length: int


class Planner:
    """Plans for the same items, which share their statements: what several of them need is made once."""

    def __init__(
        self,
        items: Sequence[HasChain | Expression],
        sizes: Mapping[str, int],
        given: frozenset[str] = frozenset(),
        dtypes: Mapping[str, DType] | None = None,
    ) -> None:
        self._items, self._sizes, self._given = items, sizes, given
        self._chains = [item.chain for item in items if not isinstance(item, Expression)]
        self._builder = Builder(sizes, dtypes)
        self._settled: Settled = {}
        # an entry that does not exist is an error in the value, even where its derivative vanishes
        if sizes:
            check_places(walk(chain.numerator for chain in self._chains), sizes)

    def best(self, order: Order) -> Plan:
        """The plan for an order; for "optimal" the cheapest one by exact count, the first of equals."""
        if not self._chains:
            roots = self._roots(order)
            return (
                self._improved(self.plan(roots, "optimal", "optimal"))
                if order == "optimal"
                else (self.plan(roots, "reverse", called(order)))
            )
        if order != "optimal":
            return self._nested(order)
        plans = [self._nested("reverse")]
        few = not _too_many_to_try(self._chains)
        products = few and all(chain.is_one_product for chain in self._chains)
        # of one numerator nothing is shared in forward order, and the search below finds every order of a product
        if products and len({chain.numerator.serial for chain in self._chains}) == 1:
            pass
        elif few or self._elements("numerator") > self._elements("denominator"):
            plans.append(self._nested("forward"))
        if few and any(chain.worth_eliminating for chain in self._chains):
            with suppress(Swelling):
                plans.append(self._nested("minimal-fill", FLAT_TERMS))
        if few and any(chain.searchable for chain in self._chains):
            plans.append(self.plan([self._searched(item) for item in self._items], "optimal", "searched"))
        cheapest = min(plans, key=lambda one: one.multiplications)
        if few and max(map(self._least_of_dense, self._chains)) < cheapest.multiplications:
            cheapest = min(cheapest, self._nested("dense"), key=lambda one: one.multiplications)
        return self._improved(cheapest)

    def plan(self, roots: Sequence[Expression], inner: str, order_name: str, fuse: bool = False) -> Plan:
        """The statements of `roots`, the operands of chains contracted in order `inner`, and what they cost."""
        counted = frozenset(
            root.serial for root, item in zip(roots, self._items, strict=True) if not isinstance(item, Expression)
        )
        return self._priced(roots, inner, order_name, counted, fuse)

    def _priced(
        self, roots: Sequence[Expression], inner: str, order_name: str, counted: frozenset[int], fuse: bool = False
    ) -> Plan:
        if self._sizes:
            check_places(walk(roots), self._sizes)
        lowering = Lowering(self._builder, inner, self._given, counted, settled=self._settled)
        if fuse:
            terms = fused(roots, lowering.inputs, self._sizes)
            lowering = Lowering(self._builder, inner, self._given, counted, terms, self._settled)
        results = lowering.results(roots)
        statements = reachable(results)
        derivative = sum(one.multiplications for one in statements if one.derivative)
        every = sum(one.multiplications for one in statements)
        saved = sum(one.multiplications // 2 for one in statements if _is_halved(one))
        length = sum(not one.is_given and not one.is_view for one in statements)
        return Plan(roots, order_name, results, derivative, every, every - saved, length)

    def _nested(self, order: Order, most: float = inf) -> Plan:
        inner = {"reverse": "reverse", "dense": "reverse", "forward": "forward"}.get(called(order), "optimal")
        return self.plan(self._roots(order, most), inner, called(order))

    def _roots(self, order: Order, most: float = inf) -> list[Expression]:
        return [self._root(item, order, most) for item in self._items]

    def _root(self, item: HasChain | Expression, order: Order, most: float = inf) -> Expression:
        return item if isinstance(item, Expression) else item.chain.root(order, self._sizes, most)

    def _searched(self, item: HasChain | Expression) -> Expression:
        """The root that is searched for the best order: flat, or over shared adjoints where that is cheaper."""
        reverse = self._root(item, "reverse")
        if isinstance(item, Expression) or not item.chain.searchable:
            return reverse
        both = [reverse, self._root(item, "flat")]
        return min(
            both, key=lambda one: self._priced([one], "optimal", "", frozenset({one.serial})).all_multiplications
        )

    def _improved(self, best: Plan) -> Plan:
        """The same with what is read once multiplied out, where that is cheaper, or shorter for the same cost."""
        if best.length > FUSED:
            return best
        other = self.plan(best.roots, "optimal", best.order_name, fuse=True)
        return min(best, other, key=lambda one: (one.multiplications, one.all_multiplications, one.effort, one.length))

    def smaller(self, plan: Plan) -> Plan:
        """A large plan with what is read once multiplied out, where fewer numbers are formed: a (bᵀ b) for (a bᵀ) b."""
        if plan.length > FUSED or 8 * _numbers(plan) <= SMALL:
            return plan
        return min(plan, self.plan(plan.roots, "optimal", plan.order_name, fuse=True), key=_numbers)

    def _least_of_dense(self, chain: Chain) -> int:
        """The multiplications that the product of the written factors takes at least."""
        rows, *sizes = (
            prod(self._builder.shape_of(one.shape))
            for one in (chain.numerator, *(factor.denominator for factor in chain.factors))
        )
        return sum(rows * a * b for a, b in pairwise(sizes))

    def _elements(self, end: str) -> int:
        """The entries of all numerators, or of all denominators, each counted once."""
        nodes: dict[int, Any] = {node.serial: node for node in (getattr(chain, end) for chain in self._chains)}
        return sum(prod(bind_size(size, self._sizes) for size in node.shape) for node in nodes.values())

    def program(self, plan: Plan, signature: Signature, described: Any) -> Program:
        """A plan as a program whose results are the caller's own."""
        results = kept_by_the_caller(self._builder, plan.results)
        statements = reachable([*plan.results, *results])  # copies are made at the end
        return Program(statements, results, NumpyCode, signature, self._builder.names, plan.order_name, described)

    def described(self, order: Order) -> tuple[str, str]:
        """What is formed, and advice; only an error asks."""
        largest = max(self._chains, key=lambda one: len(one.shape), default=None)
        advice = (
            f"Instead, multiply {largest.symbol if largest else ''} from the left by what it is contracted with (∂ℓ/∂y "
            "@ ∂y/∂x costs what backpropagation costs), or read .matrix_notation(), .einsum and .cost()"
        )
        if order not in ("reverse", "optimal"):
            advice = f'The order "{called(order)}" forms it: try order="reverse" or "optimal". {advice}'
        return "evaluating " + ", ".join(chain.symbol for chain in self._chains), advice


def plan(
    items: Sequence[HasChain | Expression],
    order: Order,
    sizes: Mapping[str, int],
    given: frozenset[str] = frozenset(),
    signature: Signature = Signature(),  # noqa: B008 - immutable
    dtypes: Mapping[str, DType] | None = None,
) -> Program:
    """The program that evaluates Jacobians, in `order`, and expressions together; what they share is computed once.

    `dtypes` are those of the arguments, float64 for what is not named there.
    """
    planner = Planner(items, sizes, given, dtypes)
    return planner.program(planner.best(order), signature, lambda: planner.described(order))


def program_of(
    roots: Sequence[Expression],
    sizes: Mapping[str, int],
    given: frozenset[str] = frozenset(),
    order: str = "reverse",
    what: str = "evaluating",
    dtypes: Mapping[str, DType] | None = None,
) -> Program:
    """The program that evaluates expressions as they are; `what` is formed, for errors."""
    planner = Planner(roots, sizes, given, dtypes)
    return planner.program(planner.smaller(planner.plan(roots, order, order)), Signature(), lambda: (what, ""))


def _numbers(plan: Plan) -> int:
    """How many numbers are formed in all."""
    return sum(one.elements for one in reachable(plan.results) if not one.is_given and not one.is_view)


def _is_halved(one: Statement) -> bool:
    """Whether a statement is a large product of an array with its own transpose, of which half is computed."""
    return isinstance(one.operation, Product) and one.operands[0] is one.operands[1] and one.multiplications >= HALVED


def _too_many_to_try(chains: Sequence[Chain]) -> bool:
    """Whether each order by itself would take a pass over a deep graph for every derivative, as reverse does not."""
    return len(chains) > 1 and len(chains) * len(walk(chain.numerator for chain in chains)) > TRIED


def called(order: Order) -> str:
    """What an order is called."""
    return order if isinstance(order, str) else ", ".join(order)
