"""What is stated of a pilot, in words that a person would use."""

from beachhead.case.decide.stating import stated_of_pilot
from beachhead.launch.information.pilot_odds import OrderRange, PilotOdds
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter


def test_a_range_of_one_number_is_that_number():
    odds = PilotOdds(
        market="IS",
        quarter=Quarter(2027, 1),
        channel=Channel.DEALER,
        batch=50,
        weeks=13,
        price_point=1.0,
        sold_out=0.0,
        ranges=(
            OrderRange(level=0.5, low=0, high=0, probability=0.8),
            OrderRange(level=0.9, low=0, high=1, probability=0.97),
        ),
        gate=None,
        opens=None,
    )
    _, one, two = (stated.event for stated in stated_of_pilot(odds))
    assert one == "a pilot of 50 in IS takes 0 orders in 13 weeks"
    assert two == "a pilot of 50 in IS takes 0 to 1 orders in 13 weeks"
