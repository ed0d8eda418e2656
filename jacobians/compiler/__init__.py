"""From expressions to straight-line code and its exact cost; imports `chain_rule` and what stands below that.

`planning` lowers the candidates for an order (`lowering`, with `sums` and `contractions`) to statements, each made once
by `builder`, and takes the cheapest by exact count; `rewrites` find other terms for a sum where these take less effort.
What comes out is a `program`: data, made of the `operations`. The `passes` go from program to program, and one of the
`printers` makes text at the end. `evaluation`, `costs` and `compiling` are what others call.
"""
