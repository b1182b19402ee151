"""The workshop's files, and whether they let a market scale."""
