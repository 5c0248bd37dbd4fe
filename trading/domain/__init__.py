"""The rules, pure: standard library, numpy, numba and TA-Lib only."""
