"""Keeps bytes: content-addressed records and tables in SQL; knows no nouns."""
