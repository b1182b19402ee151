"""Belief + options + limits -> a plan with gates and its certificate; judges readings; values questions."""
