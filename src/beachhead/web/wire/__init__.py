"""What crosses the wire: shapes, the one form of a refusal, sentences in the words of a browser."""
