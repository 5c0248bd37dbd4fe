"""Build what the optimizer's services need from the settings and the trading side."""

from optimizer.bootstrap.bench import evaluator_bench_run, sweep_bench_run
from optimizer.bootstrap.candles import (
    candles_file,
    candles_stored,
    swap_costs_file,
    swap_costs_used,
    system_clock,
)
from optimizer.bootstrap.page import CostState, candle_series, study_news, swap_cost_state
from optimizer.bootstrap.reports import (
    report_build,
    report_folder,
    report_renderer,
    run_downloads,
    study_pictures,
)
from optimizer.bootstrap.sources import study_source
from optimizer.bootstrap.studies import (
    pool_make,
    study_found,
    study_open,
    study_resume_ready,
    study_run,
    study_tools,
    workers_told,
)
from optimizer.bootstrap.supervision import studies_supervise, study_take
from optimizer.bootstrap.sweeps import (
    celery_pool,
    chunk_answer,
    evaluation_version,
    kernels_ready,
    sweep_bell,
    sweep_machine,
)

__all__ = [
    "CostState",
    "candle_series",
    "candles_file",
    "candles_stored",
    "celery_pool",
    "chunk_answer",
    "evaluation_version",
    "evaluator_bench_run",
    "kernels_ready",
    "pool_make",
    "report_build",
    "report_folder",
    "report_renderer",
    "run_downloads",
    "studies_supervise",
    "study_found",
    "study_news",
    "study_open",
    "study_pictures",
    "study_resume_ready",
    "study_run",
    "study_source",
    "study_take",
    "study_tools",
    "swap_cost_state",
    "swap_costs_file",
    "swap_costs_used",
    "sweep_bell",
    "sweep_bench_run",
    "sweep_machine",
    "system_clock",
    "workers_told",
]
