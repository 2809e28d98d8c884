"""One picture per module: ``draw(table, ...) -> Figure``. Nothing here counts, and nothing here knows of pages."""
