"""Stochastic programmes of the literature, retyped, through the solvers that the supply model uses."""

from itertools import product

import numpy as np
import pytest
from scipy import sparse

from beachhead.supply.benders import solve_by_benders
from beachhead.supply.extensive import solve_extensive
from beachhead.supply.recourse import Recourses
from beachhead.supply.staged import Decisions, Recourse, StagedProgram
from beachhead.supply.worth import solve_and_weigh

INF = np.inf


def dense(rows, width):
    return sparse.csr_matrix(np.array(rows, dtype=float).reshape(-1, width))


def two_stage(first_cost, first_rows, first_lower, first_upper, scenarios, *, upper=None, matrix, columns=None):
    """A two-stage programme; scenarios: (probability, q, T, row_lower, row_upper, column_upper)."""
    k, n = len(first_cost), matrix.shape[1]
    decisions = Decisions(
        names=tuple(f"x{i}" for i in range(k)),
        lower=np.zeros(k),
        upper=np.full(k, INF) if upper is None else np.array(upper, dtype=float),
        integer=np.zeros(k, dtype=bool),
        matrix=dense(first_rows, k),
        row_lower=np.array(first_lower, dtype=float),
        row_upper=np.array(first_upper, dtype=float),
        row_names=tuple(f"r{i}" for i in range(len(first_lower))),
        tie=np.arange(k),
        stage=np.zeros(k, dtype=int),
    )
    blocks = tuple(
        Recourse(
            name=f"s{i}",
            probability=p,
            decision_cost=np.array(first_cost, dtype=float),
            cost=np.array(q, dtype=float),
            lower=np.zeros(n),
            upper=np.array(u, dtype=float),
            upper_per_decision=sparse.csr_matrix((n, k)),
            matrix=matrix,
            technology=dense(t, k),
            row_lower=np.array(lo, dtype=float),
            row_upper=np.array(hi, dtype=float),
        )
        for i, (p, q, t, lo, hi, u) in enumerate(scenarios)
    )
    return StagedProgram(
        decisions=decisions,
        scenarios=blocks,
        columns=tuple(f"y{i}" for i in range(n)),
        rows=tuple(f"w{i}" for i in range(matrix.shape[0])),
    )


def farmer():
    """Birge & Louveaux (1997), section 1.1: wheat, corn, sugar beets; yields 20 % up, as usual, 20 % down."""
    # columns: buy wheat, buy corn, sell wheat, sell corn, sell beets at the quota price, sell beets above it
    matrix = dense([[1, 0, -1, 0, 0, 0], [0, 1, 0, -1, 0, 0], [0, 0, 0, 0, -1, -1]], 6)
    price = [238, 210, -170, -150, -36, -10]
    limits = [INF, INF, INF, INF, 6000, INF]
    scenarios = [
        (1 / 3, price, np.diag(np.array([2.5, 3, 20]) * f), [200, 240, 0], [INF] * 3, limits) for f in (1.2, 1, 0.8)
    ]
    return two_stage([150, 230, 260], [[1, 1, 1]], [-INF], [500], scenarios, matrix=matrix)


def lands():
    """Louveaux & Smeers (1988), as LandS in the test sets: capacity of four plants for three modes of demand."""
    return _lands([(0.3, [3.0]), (0.4, [5.0]), (0.3, [7.0])])


def _lands(outcomes):
    running = np.outer([40, 45, 32, 55], [1, 0.6, 0.1])
    periods = len(outcomes[0][1])
    blocks, rest = [], [[3, 2], [3.5, 3]]
    limit = np.hstack([np.eye(4) for _ in range(1)])
    for _ in range(periods):
        plants = np.kron(np.eye(4), np.ones((1, 3)))
        demand = np.kron(np.ones((1, 4)), np.eye(3))
        blocks.append(np.vstack([plants, demand]))
    matrix = sparse.csr_matrix(sparse.block_diag([sparse.csr_matrix(b) for b in blocks]))
    technology = np.vstack([np.vstack([-limit, np.zeros((3, 4))]) for _ in range(periods)])
    scenarios = []
    for p, firsts in outcomes:
        needs = [[first, *rest[i]] for i, first in enumerate(firsts)]
        lower = np.concatenate([np.concatenate([[-INF] * 4, need]) for need in needs])
        upper = np.concatenate([np.concatenate([[0.0] * 4, need]) for need in needs])
        scenarios.append((p, np.tile(running.ravel(), periods), technology, lower, upper, [INF] * 12 * periods))
    return two_stage([10, 7, 16, 6], [[1, 1, 1, 1], [10, 7, 16, 6]], [12, -INF], [INF, 120], scenarios, matrix=matrix)


def lands_three_stage_independent():
    first, second = [(3.0, 0.3), (5.0, 0.4), (7.0, 0.3)], [(3.2, 0.3), (5.3, 0.4), (7.8, 0.3)]
    return _lands([(p * q, [a, b]) for (a, p), (b, q) in product(first, second)])


def lands_three_stage_dependent():
    leaves = [(3, 3.2, 0.09), (3, 3.3, 0.12), (3, 3.8, 0.09), (5, 5.2, 0.12), (5, 5.3, 0.16), (5, 5.8, 0.12)]
    leaves += [(7, 7.2, 0.09), (7, 7.3, 0.12), (7, 8.0, 0.09)]
    return _lands([(p, [a, b]) for a, b, p in leaves])


def simple():
    """Birge & Louveaux (1997), section 5.1, example 1; every value as StochasticPrograms.jl tests it."""
    matrix = dense([[6, 10], [8, 5]], 2)
    technology = np.diag([-60.0, -80.0])
    scenarios = [
        (0.4, [-24, -28], technology, [-INF, -INF], [0, 0], [500, 100]),
        (0.6, [-28, -32], technology, [-INF, -INF], [0, 0], [300, 300]),
    ]
    rows = [[1, 1], [1, 0], [0, 1]]
    return two_stage([100, 150], rows, [-INF, 40, 20], [120, INF, INF], scenarios, matrix=matrix)


def airlift(outcomes):
    """Midler & Wollmer (1969), data of Ariyawansa & Felt (2001): two aircraft, two routes; outcomes: (p, demands)."""
    hours, capacity = np.array([[24.0, 14], [49, 29]]), np.array([[50.0, 75], [20, 20]])
    assign, switch = np.array([[7200.0, 6000], [7200, 4000]]), np.array([[7000.0, 8200], [5500, 8700]])
    switched = np.array([[19.0, 29], [36, 56]])  # aircraft i away from route j to the other one
    # columns: switched flights (i, j), then contracted and unused tons by route
    cost = np.concatenate([(switch - assign * switched / hours).ravel(), [500, 250], [0, 0]])
    rows, technology = [], []
    for i, j in product((0, 1), (0, 1)):  # no more hours are switched away than were assigned
        rows.append([switched[i, j] if (a, b) == (i, j) else 0 for a, b in product((0, 1), (0, 1))] + [0] * 4)
        technology.append([-hours[i, j] if (a, b) == (i, j) else 0 for a, b in product((0, 1), (0, 1))])
    for j in (0, 1):  # tons carried
        out = [
            -capacity[i, j] * switched[i, j] / hours[i, j] if k == j else capacity[i, j]
            for i, k in product((0, 1), (0, 1))
        ]
        rows.append([*out, float(j == 0), float(j == 1), -float(j == 0), -float(j == 1)])
        technology.append([capacity[i, k] if k == j else 0 for i, k in product((0, 1), (0, 1))])
    scenarios = [
        (p, cost, technology, [-INF] * 4 + list(tons), [0.0] * 4 + list(tons), [INF] * 8) for p, tons in outcomes
    ]
    flown = [[24, 14, 0, 0], [0, 0, 49, 29]]
    return two_stage(assign.ravel(), flown, [-INF] * 2, [7200] * 2, scenarios, matrix=dense(rows, 8))


def airlift_first():
    tons = """927.758357 1433.626750 982.516248 1149.727635 961.404897 1492.817415 922.915716 1250.557154
        986.342969 1353.935057 999.134104 1226.355338 970.324386 1378.148830 949.613106 1200.624255
        991.773703 1045.317699 979.491162 899.933450 979.679661 1439.677972 964.052640 1170.804834
        957.691777 1474.838349 930.372603 1572.684651 933.799027 1207.662826 995.204085 1368.931017
        957.344884 1327.981462 923.484318 943.075132 959.026809 1226.555028 946.706588 1543.605354
        991.897924 1243.379144 956.965721 1302.917735 981.616042 1122.900897 957.688286 1355.585501
        1000.035618 1255.185201"""
    return airlift([(1 / 25, pair) for pair in np.array(tons.split(), dtype=float).reshape(-1, 2)])


def airlift_second():
    chance = [0.0668, 0.2417, 0.3830, 0.2417, 0.0668]
    first = list(zip(chance, [988.16, 989.98, 994.92, 1008.37, 1044.92], strict=True))
    second = list(zip(chance, [1428.94, 1439.86, 1469.54, 1550.22, 1769.54], strict=True))
    total = sum(p * q for (p, _), (q, _) in product(first, second))
    return airlift([(p * q / total, (a, b)) for (p, a), (q, b) in product(first, second)])


def financial_planning():
    """Birge & Louveaux (1997), section 1.2: stocks and bonds, eight scenarios of three periods."""
    returns = {"up": (1.25, 1.14), "down": (1.06, 1.12)}
    nodes = [(), *((a,) for a in returns), *product(returns, returns)]
    place = {node: 2 * n for n, node in enumerate(nodes)}
    rows, right, stage = [], [], []
    for node in nodes:
        row = np.zeros(2 * len(nodes))
        row[place[node] : place[node] + 2] = 1
        if node:
            row[place[node[:-1]] : place[node[:-1]] + 2] = -np.array(returns[node[-1]])
        rows.append(row)
        right.append(0.0 if node else 55.0)
        stage += [len(node), len(node)]
    decisions = Decisions(
        names=tuple(f"{kind}_{'_'.join(node) or 'root'}" for node in nodes for kind in ("stocks", "bonds")),
        lower=np.zeros(2 * len(nodes)),
        upper=np.full(2 * len(nodes), INF),
        integer=np.zeros(2 * len(nodes), dtype=bool),
        matrix=dense(rows, 2 * len(nodes)),
        row_lower=np.array(right),
        row_upper=np.array(right),
        row_names=tuple(f"wealth_{'_'.join(node) or 'root'}" for node in nodes),
        tie=np.array([2 * s + k for s, k in zip(stage, [0, 1] * len(nodes), strict=True)]),
        stage=np.array(stage),
    )
    blocks = []
    for path in product(returns, returns, returns):
        technology = np.zeros((1, 2 * len(nodes)))
        technology[0, place[path[:2]] : place[path[:2]] + 2] = returns[path[2]]
        blocks.append(
            Recourse(
                name="".join(word[0] for word in path),
                probability=1 / 8,
                decision_cost=np.zeros(2 * len(nodes)),
                cost=np.array([-1.0, 4.0]),
                lower=np.zeros(2),
                upper=np.full(2, INF),
                upper_per_decision=sparse.csr_matrix((2, 2 * len(nodes))),
                matrix=dense([[-1, 1]], 2),
                technology=sparse.csr_matrix(technology),
                row_lower=np.array([80.0]),
                row_upper=np.array([80.0]),
            )
        )
    return StagedProgram(decisions=decisions, scenarios=tuple(blocks), columns=("surplus", "deficit"), rows=("goal",))


PUBLISHED = {
    "farmer": (farmer, -108390.0, 1e-6),
    "LandS": (lands, 381.853333, 1e-6),
    "LandS, three stages, independent": (lands_three_stage_independent, 719.2066666667, 1e-9),
    "LandS, three stages, dependent": (lands_three_stage_dependent, 722.5836666667, 1e-9),
    "simple": (simple, -855.833333, 1e-6),
    "airlift, first data": (airlift_first, 249101.672072, 1e-6),
    "airlift, second data": (airlift_second, 269665.498390, 1e-6),
    "financial planning": (financial_planning, 1.514, 4e-4),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_both_solvers_reach_the_published_optimum(name):
    make, optimum, tolerance = PUBLISHED[name]
    program = make()
    plain = solve_extensive(program, gap=1e-9)
    with Recourses(program) as recourses:
        cut = solve_by_benders(program, recourses, gap=1e-8)
    assert plain.upper == pytest.approx(optimum, rel=tolerance)
    assert cut.upper == pytest.approx(plain.upper, rel=1e-6)
    assert cut.lower == pytest.approx(plain.upper, rel=1e-6)


def test_the_farmer_plants_as_published():
    with Recourses(farmer()) as recourses:
        assert solve_by_benders(farmer(), recourses, gap=1e-8).decisions == pytest.approx([170, 80, 250], abs=1e-3)


# program, RP, WS, EEV, VSS, EVPI
KIN = {
    "farmer": (farmer, -108390.0, -115405.56, -107240.0, 1150.0, 7015.56),
    "simple": (simple, -855.83, -1518.75, -568.92, 286.92, 662.92),
}


@pytest.mark.parametrize("name", KIN)
def test_the_worth_of_planning_and_of_knowing_is_as_published(name):
    make, rp, ws, eev, vss, evpi = KIN[name]
    with Recourses(make()) as recourses:
        worth = solve_and_weigh(make(), recourses, gap=1e-9).worth
    reached = [worth.recourse, worth.wait_and_see, worth.on_mean]
    reached += [worth.of_stochastic_solution, worth.of_perfect_information]
    for interval, published in zip(reached, [rp, ws, eev, vss, evpi], strict=True):
        assert interval.low == pytest.approx(published, abs=0.01)
        assert interval.high == pytest.approx(published, abs=0.01)
