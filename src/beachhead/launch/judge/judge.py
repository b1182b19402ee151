"""Hold a registered gate against what is believed now, and let the re-solved plan choose among what it allows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from beachhead.launch.policy.play import SURE_ODDS, scaling_odds
from beachhead.launch.question.action import Action, ActionKind
from beachhead.launch.question.gate import Gate, Judgement, Recommendation, Verdict
from beachhead.launch.question.problem import Problem, kernel_terms
from beachhead.world.errors import BadInput
from beachhead.world.figures import percent

_HOLD = frozenset({ActionKind.WAIT, ActionKind.PILOT})


def judge(gate: Gate, problem: Problem) -> Judgement:
    """What the gate allows, given the belief and the readiness in `problem`.

    `undecided` means that less information has come in than the gate asks for: neither scaling nor stopping is judged.
    """
    i = _index(gate, problem)
    odds, loss, gained = _weighed(gate, problem, i, 0)
    unmet = tuple(c for c in gate.readiness if c not in problem.standing[i].met)
    looked = problem.standing[i].pilot_quarters > 0
    verdict, reason = _verdict(gate, odds, loss, gained, unmet, looked=looked)
    allowed = {
        Verdict.SCALE: _HOLD | {ActionKind.SCALE},
        Verdict.HOLD: _HOLD,
        Verdict.UNDECIDED: _HOLD,
        Verdict.STOP: frozenset({ActionKind.WAIT}),
    }[verdict]
    return Judgement(
        market=gate.market,
        verdict=verdict,
        allowed=allowed,
        odds=odds,
        expected_loss=loss,
        information=gained,
        unmet=unmet,
        reason=reason,
    )


def opens(gate: Gate, problem: Problem, *, later: int = 0) -> bool:
    """True if odds, information and expected loss let the market be scaled; readiness is left aside.

    Args:
        gate: registered, of a market whose pilot has run.
        problem: the question, with the belief to judge by.
        later: quarters from the one decided in `problem` to the look.
    """
    odds, loss, gained = _weighed(gate, problem, _index(gate, problem), later)
    return _verdict(gate, odds, loss, gained, (), looked=True)[0] is Verdict.SCALE


def _index(gate: Gate, problem: Problem) -> int:
    if gate.market not in problem.markets:
        raise BadInput(
            f"the gate of {gate.market!r} is for a market that the launch does not have", "judge its own launch"
        )
    i = problem.markets.index(gate.market)
    if gate.channel not in problem.channels[i]:
        raise BadInput(f"{gate.market} has no economics for {gate.channel}", "add the row the gate was registered with")
    return i


def _weighed(gate: Gate, problem: Problem, i: int, later: int) -> tuple[float, float, float]:
    """Odds of breaking even, expected loss, and information gained since registration."""
    mean, var = float(problem.belief.mean[i]), float(problem.belief.cov[i, i])
    odds, loss, _ = scaling_odds(kernel_terms(problem), i, problem.channels[i].index(gate.channel), later, mean, var)
    return odds, loss, 1.0 / max(var, 1e-12) - gate.information_at_start


def _verdict(
    gate: Gate, odds: float, loss: float, gained: float, unmet: tuple[str, ...], *, looked: bool
) -> tuple[Verdict, str]:
    shown = f"the odds of breaking even are {percent(odds)}"
    # A batch that sells out in days, or not at all, brings less than the gate hoped for and yet settles the question.
    settled = looked and (odds < gate.stop_odds or odds >= SURE_ODDS)
    if gained < gate.information and not settled:
        share = max(gained, 0.0) / gate.information if gate.information > 0 else 0.0
        came = f"only {percent(share)}" if share >= 0.005 else "none"
        return Verdict.UNDECIDED, f"{came} of the information that the gate asks for has come in; {shown}"
    if odds < gate.stop_odds:
        return (
            Verdict.STOP,
            f"{_odds_beside(odds, gate.stop_odds)}, below the {100 * gate.stop_odds:.0f} % at which the gate stops",
        )
    if odds < gate.scale_odds:
        return (
            Verdict.HOLD,
            f"{_odds_beside(odds, gate.scale_odds)}, below the {100 * gate.scale_odds:.0f} % that the gate asks for",
        )
    if loss > gate.max_expected_loss:
        return Verdict.HOLD, _too_much_at_risk(gate, loss)
    if unmet:
        return Verdict.HOLD, f"{shown}, but not yet ready: {', '.join(unmet)}"
    return Verdict.SCALE, f"{shown}, at least the {100 * gate.scale_odds:.0f} % that the gate asks for"


def _too_much_at_risk(gate: Gate, loss: float) -> str:
    if gate.capital <= 0:
        return "a loss is expected, and the gate allows none: nothing was at stake when it was registered"
    share, most = loss / gate.capital, gate.max_expected_loss / gate.capital
    return f"the expected loss is {_beside(share, most)} of what is at stake, the gate allows {100 * most:.0f} %"


def _odds_beside(odds: float, asked: float) -> str:
    """The odds in words, told apart from those that the gate asks for."""
    told = percent(odds)
    return f"the odds of breaking even are {told if told != percent(asked) else _beside(odds, asked)}"


def _beside(share: float, bound: float) -> str:
    """A share with as many decimals as it takes to be told from the bound beside it: `35.3 %` against 35."""
    digits = next((n for n in range(4) if f"{share:.{n + 2}f}" != f"{bound:.{n + 2}f}"), 4)
    return f"{100 * share:.{digits}f} %"


def recommend(actions: Iterable[Action], judgements: Iterable[Judgement]) -> tuple[Recommendation, ...]:
    """The plan's choice among what the gates allow, (M,) in plan order.

    Args:
        actions: of the plan re-solved on the present belief.
        judgements: at most one a market; markets without one have no registered gate.
    """
    judged = {j.market: j for j in judgements}
    return tuple(_recommend(action, judged.get(action.market)) for action in actions)


def _recommend(action: Action, judgement: Judgement | None) -> Recommendation:
    if action.kind is ActionKind.EXIT:
        verdict, reason = Verdict.STOP, "what the market still earns is less than leaving it recovers"
    elif judgement is None:
        verdict = Verdict.SCALE if action.kind is ActionKind.SCALE else Verdict.HOLD
        reason = "no gate is registered; the plan decides alone"
    elif action.kind not in judgement.allowed:
        verdict, reason = judgement.verdict, f"the gate does not allow to {action.kind}: {judgement.reason}"
    elif judgement.verdict is Verdict.SCALE and action.kind is not ActionKind.SCALE:
        wanted = "pilot once more" if action.kind is ActionKind.PILOT else "wait"
        verdict, reason = (
            Verdict.HOLD,
            f"the gate allows scaling ({judgement.reason}), but the plan gains more if we {wanted}",
        )
    else:
        verdict, reason = judgement.verdict, judgement.reason
    allowed = judgement is None or action.kind in judgement.allowed or action.kind is ActionKind.EXIT
    return Recommendation(
        market=action.market,
        verdict=verdict,
        action=action.kind if allowed else ActionKind.WAIT,
        judgement=judgement,
        reason=reason,
    )


def stopped(problem: Problem) -> np.ndarray:
    """(M,) 1 where a registered gate says stop."""
    by_market = {gate.market: gate for gate in problem.gates}
    return np.array(
        [int(m in by_market and judge(by_market[m], problem).verdict is Verdict.STOP) for m in problem.markets]
    )
