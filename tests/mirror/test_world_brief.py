from dataclasses import dataclass

import numpy as np

from beachhead.world.brief import brief


@dataclass(frozen=True)
class Curve:
    shape: float


@dataclass(frozen=True)
class Answer:
    demand: np.ndarray
    wear: Curve


def test_an_answer_tells_an_array_by_its_shape_and_a_record_that_has_a_field_of_that_name_by_its_own_name():
    assert brief(Answer(np.zeros((2, 3)), Curve(1.5))) == "Answer(demand=array(2, 3), wear=Curve)"
