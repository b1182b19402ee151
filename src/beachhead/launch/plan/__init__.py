"""The plan: actions, reasons, gates and certificate, in sentences, cars and algebra."""
