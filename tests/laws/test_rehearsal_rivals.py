from dataclasses import replace

from beachhead.launch.draws import draw_worlds
from beachhead.launch.scene import set_up
from beachhead.rehearsal.rivals import OF_LOG_DEMAND, Rival, play_rival

SCALED = 1


def test_who_takes_the_median_for_the_truth_enters_fewer_markets_than_who_takes_the_mean(made_up_launch):
    problem = made_up_launch(M=6, T=4)
    scene, world = set_up(problem), draw_worlds(problem, seed=0, count=1)[0]
    ample = replace(scene.terms, **{n: getattr(scene.terms, n) * 100 for n in ("capital_cap", "starts_cap")})
    at = ample, scene.position, scene.mean, scene.cov, world
    mean, median = (
        play_rival(*at, rival).stage[0] == SCALED for rival in (int(Rival.CERTAINTY_EQUIVALENT), OF_LOG_DEMAND)
    )
    assert (mean >= median).all()
    assert mean.sum() > median.sum()
