"""Export, assemble or build: routes for the planned cars, when to commit to which plant, and what waiting is worth."""
