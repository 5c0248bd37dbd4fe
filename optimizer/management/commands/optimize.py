"""``optimize run|resume|list|report``: search strategy parameters, resumable to the trial."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.core.management.base import CommandParser
from tqdm import tqdm

from optimizer import bootstrap
from optimizer.management.inputs import candles_named, file_check, stop_by_signal
from optimizer.management.study_answers import (
    best_line,
    folder,
    line_answer,
    list_line,
    study_answer,
)
from optimizer.management.study_arguments import (
    care_add,
    inputs_add,
    search_add,
    workers_add,
    workers_keep,
)
from optimizer.models import Study
from optimizer.selectors.costs import study_warnings
from optimizer.selectors.studies import study_list
from optimizer.services.reports.build import PAGE
from optimizer.services.studies.control import study_named, study_stop
from optimizer.services.studies.open.problems import Problems
from optimizer.services.studies.open.request import LOCAL, StudyRequest, values_read
from optimizer.services.studies.open.sources import Origin
from optimizer.services.studies.open.typed import amount, names, number, whole
from optimizer.services.studies.run.running import RunEnd
from trading.base.management.desk_command import DeskCommand, Needs, StoppedByHand
from trading.base.management.progress import progress_bar


class Command(DeskCommand):
    """Run and resume studies, list them, rebuild their reports."""

    help = "Search strategy parameters with real swap costs; a study goes on where it stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        run = actions.add_parser("run", help="Open a study and run it to its end")
        search_add(run)
        inputs_add(run)
        care_add(run)
        resume = actions.add_parser("resume", help="Go on with a study that stopped or was killed")
        report = actions.add_parser("report", help="Build the reports of a study again")
        listing = actions.add_parser("list", help="The newest studies, newest first")
        for action in (resume, report):
            action.add_argument("study", metavar="STUDY", help="Number of the study")
        workers_add(run)
        workers_keep(resume)
        for action in (run, resume, report):
            action.add_argument(
                "--open", action="store_true", help="Open the report in the browser at the end"
            )
        self.add_json(run, resume, report, listing)

    ready_within_s = 30.0

    def needs(self, options: Mapping[str, Any]) -> Needs:
        """Make the tables on the first run in a data directory, as ``up`` does."""
        return Needs.TABLES

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Run the action that was asked for."""
        actions: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "run": self._run_new,
            "resume": self._resume,
            "report": self._report,
            "list": self._list,
        }
        return actions[options["action"]](options)

    def _run_new(self, options: Mapping[str, Any]) -> dict[str, Any]:
        problems = Problems()
        with problems.at("candles"):
            options = candles_named(options, _say)
            file_check("candles file was", options["candles_file"])
        with problems.at("swap_costs"):
            file_check("swap costs were", options["swap_costs"])
        request = StudyRequest(**values_read(_reads(options), problems))
        problems.settle()
        if options["prune_share"] is not None and request.prunes_nothing:
            _say(
                f"prune share {request.prune_share:g} changes nothing: trials are given up between "
                "windows, and there is one"
            )
        bar = partial(progress_bar, unit=" rungs")
        if request.workers_via == LOCAL:  # before there is a study that would be silent meanwhile
            bootstrap.kernels_ready(_say)
        study = bootstrap.study_open(
            request=request,
            origin=_origin(options),
            is_forced=options["force"],
            say=_say,
            bar=bar,
        )
        return self._go_on(study, options)

    def _resume(self, options: Mapping[str, Any]) -> dict[str, Any]:
        study, problems = bootstrap.study_found(whole("study", options["study"])), Problems()
        via = study.settings.get("workers_via", LOCAL)
        workers = values_read({"workers_via": lambda: via} | _worker_reads(options), problems)
        problems.settle()
        for line in study_warnings(study.source):
            _say(line)
        return self._go_on(study, options, workers)

    def _go_on(
        self, study: Study, options: Mapping[str, Any], resume: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        how = f"go on with: manage.py optimize resume {study.pk}"
        with progress_bar(study.n_trials, "trials") as on_progress, stop_by_signal() as is_stopped:
            try:
                result = bootstrap.study_run(
                    study_id=study.pk,
                    on_progress=on_progress,
                    should_stop=is_stopped,
                    say=_say,
                    resume=resume,
                )
            except KeyboardInterrupt:  # the second one; a desk's worker would go on with it
                _stop_by_hand(study, how)
                self.stderr.write(how)
                raise
        study = result.study
        so_far = f"study {study.pk} has {study.n_done:,} of {study.n_trials:,} trials"
        if result.end is RunEnd.STOPPED:
            _stop_by_hand(study, how)
            self.stderr.write(f"{so_far}; {how}")
            raise StoppedByHand(study_answer(study_named(study.pk), result.best))
        answer = study_answer(study, result.best)
        if result.end is not RunEnd.FINISHED:
            why = "was cancelled" if result.end is RunEnd.CANCELLED else "is run elsewhere now"
            return answer | {"error": result.end.value, "message": f"{so_far} and {why}; {how}"}
        self._show_page(study, options)
        return answer

    def _report(self, options: Mapping[str, Any]) -> dict[str, Any]:
        study = study_named(whole("study", options["study"]))
        result = bootstrap.report_build(study_id=study.pk)
        self._show_page(study, options)
        return study_answer(study, result.best) | {"files": list(result.files)}

    def _show_page(self, study: Study, options: Mapping[str, Any]) -> None:
        page = folder(study) / PAGE
        if options["open"] and not webbrowser.open(page.as_uri()):
            self.stderr.write(f"no browser was found; open {page}")

    @staticmethod
    def _list(_options: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "studies": [line_answer(line) for line in study_list(bootstrap.system_clock().now())]
        }

    def show(self, answer: dict[str, Any]) -> None:
        """Print a line a study, or what a study found."""
        if "message" in answer:
            self.stdout.write(answer["message"])
        if "studies" in answer:
            for row in answer["studies"]:
                self.stdout.write(list_line(row))
            if not answer["studies"]:
                self.stdout.write("no study was opened yet; see: optimize run --help")
            return
        self.stdout.write(
            f"study {answer['study']}: {answer['trials']:,} trials, "
            f"{answer['trials_per_second'] or 0:,.0f} a second, report in {answer['run_dir']}"
        )
        for objective, best in answer["best"].items():
            self.stdout.write(best_line(objective, best))


def _stop_by_hand(study: Study, how: str) -> None:
    """End a study nobody runs any more, so that no worker of a desk goes on with it."""
    study_stop(study.pk, reason=f"stopped by hand; {how}", clock=bootstrap.system_clock())


def _say(line: str) -> None:
    """Print a line for a person above the progress bar."""
    tqdm.write(line, file=sys.stderr)


def _reads(options: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """Return what reads each value of a request, in the order in which problems are told."""
    return {
        "strategies": partial(names, options["strategies"]),
        "objectives": partial(names, options["objectives"]),
        "windows": partial(names, options["windows"]),
        "n_trials": partial(whole, "trials", options["trials"]),
        "trade_size": partial(amount, "trade size", options["trade_size"]),
        "sampler": partial(str, options["sampler"]),
        "seed": partial(whole, "seed", options["seed"]),
        "fill": partial(str, options["fill"]),
        "warm_up_bars": partial(whole, "warm-up bars", options["warm_up_bars"]),
        **_prune_reads(options),
        "holdout_share": partial(number, "holdout share", options["holdout_share"]),
        "embargo_days": partial(number, "embargo days", options["embargo_days"]),
        "report_every": partial(whole, "report every", options["report_every"]),
        **_worker_reads(options),
    }


def _prune_reads(options: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    share = options["prune_share"]
    return {} if share is None else {"prune_share": partial(number, "prune share", share)}


def _worker_reads(options: Mapping[str, Any]) -> dict[str, Callable[[], Any]]:
    """Return what reads what was said about workers; what was not said is left to its default."""
    found: dict[str, Callable[[], Any]] = {}
    if options["workers_via"] is not None:
        found["workers_via"] = partial(str, options["workers_via"])
    if options["max_workers"] is not None:
        found["max_workers"] = partial(whole, "max workers", options["max_workers"])
    if options["cpu_fraction"] is not None:
        found.setdefault("max_workers", lambda: None)
        found["cpu_fraction"] = partial(number, "cpu fraction", options["cpu_fraction"])
    return found


def _origin(options: Mapping[str, Any]) -> Origin:
    file, costs = options["candles_file"], options["swap_costs"]
    return Origin(
        venue=options["venue"] or "",
        pair=options["pair"] or "",
        timeframe=options["timeframe"] or "",
        file=str(file.absolute()) if file else "",
        swap_costs=str(costs.absolute()) if costs else "",
    )
