"""What Alembic runs: `env.py` for every database, one file in `versions/` for each change of the tables."""
