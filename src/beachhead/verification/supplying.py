"""Stochastic programmes of the literature, through the solvers that the supply model uses."""

from __future__ import annotations

from functools import cache
from math import inf

import numpy as np
from scipy import sparse

from beachhead.supply.benders import solve_by_benders
from beachhead.supply.recourse import Recourses
from beachhead.supply.staged import Decisions, Recourse, StagedProgram
from beachhead.supply.worth import Worth, solve_and_weigh
from beachhead.verification.published import Published

_FARMER = "Birge and Louveaux 1997, section 1.1, the farmer"
_LANDS = "Louveaux and Smeers 1988, LandS in the test sets"
_EACH = 0.01


def supplying() -> tuple[Published, ...]:
    """Numbers of room `supply`."""
    room = "supply"
    return (
        Published(room, "recourse problem RP", _FARMER, -108390, _EACH, lambda: _farmer().recourse.high),
        Published(room, "wait and see WS", _FARMER, -115405.56, _EACH, lambda: _farmer().wait_and_see.high),
        Published(room, "expected value solution EEV", _FARMER, -107240, _EACH, lambda: _farmer().on_mean.high),
        Published(room, "value of the stochastic solution", _FARMER, 1150, 2 * _EACH, _vss),
        Published(room, "value of perfect information EVPI", _FARMER, 7015.56, 2 * _EACH, _evpi),
        Published(room, "optimum, by Benders", _LANDS, 381.853333, 4e-4, _lands),
    )


def _vss() -> float:
    return _farmer().of_stochastic_solution.high


def _evpi() -> float:
    return _farmer().of_perfect_information.high


@cache
def _farmer() -> Worth:
    """Wheat, corn, sugar beets; yields 20 % up, as usual, 20 % down."""
    # columns: buy wheat, buy corn, sell wheat, sell corn, sell beets at the quota price, sell beets above it
    matrix = _sparse([[1, 0, -1, 0, 0, 0], [0, 1, 0, -1, 0, 0], [0, 0, 0, 0, -1, -1]])
    blocks = tuple(
        _block(
            name=f"yield {factor}",
            probability=1 / 3,
            first_cost=[150, 230, 260],
            cost=[238, 210, -170, -150, -36, -10],
            upper=[inf, inf, inf, inf, 6000, inf],
            matrix=matrix,
            technology=np.diag(np.array([2.5, 3, 20]) * factor),
            row_lower=[200, 240, 0],
            row_upper=[inf] * 3,
        )
        for factor in (1.2, 1.0, 0.8)
    )
    program = _program(_decisions([[1, 1, 1]], [-inf], [500]), blocks)
    with Recourses(program) as recourses:
        return solve_and_weigh(program, recourses, gap=1e-9).worth


def _lands() -> float:
    """Capacity of four plants for three modes of demand, the first of them 3, 5 or 7."""
    running = np.outer([40, 45, 32, 55], [1, 0.6, 0.1]).ravel()
    matrix = sparse.csr_matrix(np.vstack([np.kron(np.eye(4), np.ones((1, 3))), np.kron(np.ones((1, 4)), np.eye(3))]))
    blocks = tuple(
        _block(
            name=f"demand {first}",
            probability=probability,
            first_cost=[10, 7, 16, 6],
            cost=running,
            upper=[inf] * 12,
            matrix=matrix,
            technology=np.vstack([-np.eye(4), np.zeros((3, 4))]),
            row_lower=[-inf] * 4 + [first, 3, 2],
            row_upper=[0.0] * 4 + [first, 3, 2],
        )
        for probability, first in ((0.3, 3.0), (0.4, 5.0), (0.3, 7.0))
    )
    program = _program(_decisions([[1, 1, 1, 1], [10, 7, 16, 6]], [12, -inf], [inf, 120]), blocks)
    with Recourses(program) as recourses:
        return solve_by_benders(program, recourses, gap=1e-9).upper


def _sparse(rows: object) -> sparse.csr_matrix:
    return sparse.csr_matrix(np.array(rows, dtype=float))


def _decisions(rows: list[list[float]], lower: list[float], upper: list[float]) -> Decisions:
    count = len(rows[0])
    return Decisions(
        names=tuple(f"x{i}" for i in range(count)),
        lower=np.zeros(count),
        upper=np.full(count, inf),
        integer=np.zeros(count, dtype=bool),
        matrix=_sparse(rows),
        row_lower=np.array(lower, dtype=float),
        row_upper=np.array(upper, dtype=float),
        row_names=tuple(f"r{i}" for i in range(len(rows))),
        tie=np.arange(count),
        stage=np.zeros(count, dtype=int),
    )


def _block(
    *,
    name: str,
    probability: float,
    first_cost: list[float],
    cost: object,
    upper: list[float],
    matrix: sparse.csr_matrix,
    technology: object,
    row_lower: list[float],
    row_upper: list[float],
) -> Recourse:
    columns = matrix.shape[1]
    return Recourse(
        name=name,
        probability=probability,
        decision_cost=np.array(first_cost, dtype=float),
        cost=np.array(cost, dtype=float),
        lower=np.zeros(columns),
        upper=np.array(upper, dtype=float),
        upper_per_decision=sparse.csr_matrix((columns, len(first_cost))),
        matrix=matrix,
        technology=_sparse(technology),
        row_lower=np.array(row_lower, dtype=float),
        row_upper=np.array(row_upper, dtype=float),
    )


def _program(decisions: Decisions, blocks: tuple[Recourse, ...]) -> StagedProgram:
    rows, columns = blocks[0].matrix.shape
    return StagedProgram(
        decisions=decisions,
        scenarios=blocks,
        columns=tuple(f"y{i}" for i in range(columns)),
        rows=tuple(f"w{i}" for i in range(rows)),
    )
