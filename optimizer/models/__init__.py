"""What the optimizer remembers: studies, trials with their figures, and the ledger of searches."""

from optimizer.models.ledger import SearchLedger
from optimizer.models.studies import Study
from optimizer.models.sweeps import DataBlob, SweepChunk
from optimizer.models.trials import Trial, TrialLuck, TrialScores, WindowMetrics

__all__ = [
    "DataBlob",
    "SearchLedger",
    "Study",
    "SweepChunk",
    "Trial",
    "TrialLuck",
    "TrialScores",
    "WindowMetrics",
]
