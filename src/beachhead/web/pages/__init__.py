"""What each page asks for and sends."""
