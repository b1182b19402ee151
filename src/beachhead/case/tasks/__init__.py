"""Tasks from outside the table of tasks: those that side rooms bring, those of other tools."""
