"""The entry model on real registrations: fetched, kept, refitted, put to the test."""
