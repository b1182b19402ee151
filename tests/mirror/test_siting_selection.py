"""The k-th smallest without sorting is that of the sorted list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beachhead.siting.selection import kth_smallest


@given(st.lists(st.floats(-5, 5).map(lambda value: round(value, 1)), min_size=1, max_size=40), st.data())
def test_what_is_selected_stands_at_its_place_in_the_sorted_list(values, data):
    place = data.draw(st.integers(0, len(values) - 1))
    assert kth_smallest.py_func(np.array(values), np.int64(place)) == sorted(values)[place]
