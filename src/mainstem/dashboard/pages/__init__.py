"""One module a page; each has `page(view)`, which answers one question and shows why."""
