"""The steps of TPE that are compiled; tests of the sampler hold them to Optuna's."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from optimizer.domain.search.parzen import mixture_log_densities, truncated_quantiles

LAW = NormalDist()
SHARES = np.array([0.0, 1e-300, 1e-9, 0.01, 0.5, 0.7, 0.99, 1.0 - 1e-9, np.nextafter(1.0, 0.0)])


@pytest.mark.parametrize("mean", [0.0, 1e-12, 0.3, 0.5, 0.999, 1.0])
@pytest.mark.parametrize("width", [0.01, 0.1, 0.4, 1.0])
def test_quantiles_are_inside_rise_and_have_the_mass_asked_for_below(
    mean: float, width: float
) -> None:
    found = truncated_quantiles(SHARES, np.full(9, mean), np.full(9, width))
    assert np.all((found >= 0.0) & (found <= 1.0))
    assert np.all(np.diff(found) >= 0.0)
    low, high = LAW.cdf(-mean / width), LAW.cdf((1.0 - mean) / width)
    masses = [(LAW.cdf((x - mean) / width) - low) / (high - low) for x in found]
    assert np.allclose(masses, SHARES, rtol=0, atol=1e-12)


def test_the_middle_of_a_law_in_the_middle_is_its_mean() -> None:
    assert truncated_quantiles(np.array([0.5]), np.array([0.5]), np.array([0.2])).tolist() == [0.5]


def test_a_lone_kernel_has_the_density_of_its_law_over_the_mass_inside() -> None:
    means, widths = np.array([[0.2], [0.9]]), np.array([[0.1], [0.5]])
    found = mixture_log_densities(np.array([[0.3], [0.4]]), np.ones(1), means, widths)
    by_hand = 1.0
    for x, mean, width in ((0.3, 0.2, 0.1), (0.4, 0.9, 0.5)):
        law = NormalDist(mean, width)
        by_hand *= law.pdf(x) / (law.cdf(1.0) - law.cdf(0.0))
    assert found[0] == pytest.approx(math.log(by_hand), abs=1e-14)


def test_kernels_add_up_by_weight_and_their_mass_inside_is_one() -> None:
    means, widths = np.array([[0.0, 0.31, 0.5]]), np.array([[0.02, 0.005, 1.0]])
    weights = np.array([0.5, 0.2, 0.3])
    points = (np.arange(20_000.0) + 0.5)[np.newaxis] / 20_000
    all_of_them = np.exp(mixture_log_densities(points, weights, means, widths))
    parts = zip(*(np.split(part, 3, axis=-1) for part in (weights, means, widths)), strict=True)
    one_by_one = [np.exp(mixture_log_densities(points, *part)) for part in parts]
    assert np.allclose(all_of_them, np.sum(one_by_one, axis=0), rtol=1e-13)
    assert all_of_them.mean() == pytest.approx(1.0, abs=1e-5)
