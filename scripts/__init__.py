"""What the Makefile calls: checks of tools, and the pictures of the pages."""
