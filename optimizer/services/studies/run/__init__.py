"""Run a study: propose, have evaluated, store, examine, report; stop and go on anywhere."""
