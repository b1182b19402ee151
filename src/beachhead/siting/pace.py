"""What the steps of searches count for in units of work (see `beachhead.world.work`); measured on one quiet core.

They set how long a unit takes, never what is found by a search that ends before its work does.
"""

PRICED = 2.2e-9
"""A list entry read by a step of prices."""

MOVED = 3.0e-9
"""A list entry read by a move of the annealed search for cover."""

SWAPPED = 1.0e-8
"""A list entry read by the swap search."""

NODE = 2.0e-3
"""A node of branch and bound, beside the steps of its prices."""

PIVOT = 1.0e-8
"""A pivot of the simplex method, for each entry of the programme."""

LOADED = 3.0e-6
"""Reading and presolving a programme, for each of its entries."""

TREE_NODE = 3.0e-6
"""A node of HiGHS's tree, for each entry of the programme."""

KNAPSACK = 6.0e-9
"""A customer and a site in a step of prices under capacities."""
