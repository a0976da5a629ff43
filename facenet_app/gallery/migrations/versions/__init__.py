"""One script a change of the tables, named by its number; a script that was released never changes."""
