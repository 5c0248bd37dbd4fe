"""Django admin of the optimizer's models; all of it is history and read-only.

Studies are started, cancelled and resumed on their own pages, which check what is asked for.
"""

from optimizer.admin import studies, sweeps, trials

__all__ = ["studies", "sweeps", "trials"]
