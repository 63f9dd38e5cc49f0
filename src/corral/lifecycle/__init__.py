"""The data path: add, claim, finish, and the side moves."""
