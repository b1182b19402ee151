"""What is believed about demand: tables, studies and rows in, the moved belief out."""
