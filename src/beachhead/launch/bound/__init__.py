"""What no plan could have earned more than, and how sure that is."""
