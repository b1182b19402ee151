"""What must be done by when, what is late, and the odds of the goal: tasks, schedules, targets, rank among makers."""
