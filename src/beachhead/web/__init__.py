"""The browser face: a REST API over `case`, long work in worker processes, and the web app built from `webapp/`."""
