"""Compliance for an open launch: offers and approvals in; permits, gaps and routes out."""
