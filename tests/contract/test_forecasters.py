"""The forecasters of this house keep the contract of the port."""

from __future__ import annotations

from tests.contract.forecasters import ForecasterContract
from trading.learning.domain.forecasting.drift import NaiveDrift
from trading.learning.domain.forecasting.sets import Ask
from trading.learning.ports.forecasters import Forecaster


class TestNaiveDrift(ForecasterContract):
    def make(self, asked: Ask) -> Forecaster:
        return NaiveDrift(asked)
