"""How dustwatch is put together and run."""
