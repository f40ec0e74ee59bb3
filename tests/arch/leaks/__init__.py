"""Two users and everything that the API can be asked: does one of them hear of the other's records? See `test_leaks.py`."""
