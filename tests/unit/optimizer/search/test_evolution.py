"""The evolution strategy: the steps of the package it replaces, draws of the covariance it has."""

from __future__ import annotations

import numpy as np
import pytest
from cmaes import CMA

from optimizer.adapters.cmaes_sampler import distribution_begin
from optimizer.domain.search.evolution import Distribution, Rates, points_draw, population_take

SAME = {
    "mean": "_mean",
    "covariance": "_C",
    "path": "_pc",
    "sigma_path": "_p_sigma",
    "sigma": "_sigma",
    "generation": "_g",
}


def begun(dim: int, population: int | None = None) -> tuple[CMA, Distribution, Rates]:
    theirs = CMA(mean=np.full(dim, 0.5), sigma=0.25, population_size=population)
    return theirs, *distribution_begin(theirs)


def told(theirs: CMA, points: np.ndarray, values: np.ndarray) -> bool:
    theirs.tell([(point, float(x)) for point, x in zip(points, values, strict=True)])
    return theirs.should_stop()


@pytest.mark.parametrize("dim", [2, 5, 14])
@pytest.mark.parametrize("population", [None, 40])
def test_a_population_moves_the_distribution_as_the_package_does(
    dim: int, population: int | None
) -> None:
    (theirs, ours, rates), rng = begun(dim, population), np.random.default_rng(dim)
    for generation in range(60):
        points = points_draw(ours, rng.standard_normal((theirs.population_size, 4, dim)))
        values = ((points - 0.3) ** 2 * np.arange(1, dim + 1)).sum(axis=1)
        values[: generation % 3] = 1e300  # pruned trials share the worst place
        is_over = population_take(ours, rates, points, values)
        assert is_over == told(theirs, points, values)
        for name, their_name in SAME.items():
            found, wanted = getattr(ours, name), getattr(theirs, their_name)
            assert np.allclose(found, wanted, rtol=1e-8, atol=1e-12), name
        axes, lengths = ours.axes, ours.lengths
        assert np.allclose(axes @ axes.T, np.eye(dim), atol=1e-12)
        assert np.allclose((axes.T * lengths**2) @ axes, ours.covariance, rtol=1e-10, atol=1e-14)


def test_draws_have_the_mean_and_covariance_of_the_distribution() -> None:
    _, now, _ = begun(3)
    root = np.array([[0.5, 0.0, 0.0], [0.3, 0.4, 0.0], [-0.2, 0.1, 0.2]])
    lengths, axes = np.linalg.eigh(root @ root.T)
    now.axes[:], now.lengths[:], now.sigma[0] = axes.T, np.sqrt(lengths), 0.1
    points = points_draw(now, np.random.default_rng(1).standard_normal((200_000, 1, 3)))
    assert np.allclose(points.mean(axis=0), 0.5, atol=1e-3)
    assert np.allclose(np.cov(points.T), 0.01 * root @ root.T, atol=2e-5)


def test_a_draw_outside_the_cube_is_tried_again_and_at_last_moved_to_its_edge() -> None:
    _, now, _ = begun(2)
    far, near = [9.0, 0.0], [0.4, -0.4]
    points = points_draw(now, np.array([[far, near], [far, far], [near, far]]))
    assert points.tolist() == [[0.6, 0.4], [1.0, 0.5], [0.6, 0.4]]


@pytest.mark.parametrize("cause", ["flat values", "no width", "divergence", "a needle"])
def test_a_distribution_with_nowhere_to_go_is_over_when_the_package_says_so(cause: str) -> None:
    (theirs, ours, rates), rng = begun(4), np.random.default_rng(2)
    sigma = {"no width": 1e-17, "divergence": 1e9}.get(cause, 0.25)
    theirs._sigma = ours.sigma[0] = sigma
    if cause == "a needle":
        theirs._C = np.diag([1.0, 1.0, 1.0, 1e-30])
        theirs._B, theirs._D = np.eye(4), np.array([1.0, 1.0, 1.0, 1e-15])
        ours.covariance[:], ours.lengths[:] = theirs._C, theirs._D
    for _ in range(80 if cause == "flat values" else 1):
        points = points_draw(ours, rng.standard_normal((theirs.population_size, 4, 4)))
        values = np.full(len(points), 0.5) if cause == "flat values" else points.sum(axis=1)
        is_over = population_take(ours, rates, points, values)
        assert is_over == told(theirs, points, values)
    assert is_over


def test_a_covariance_that_rounding_made_indefinite_is_mended() -> None:
    (_, now, rates), rng = begun(3), np.random.default_rng(5)
    now.covariance[2, 2] = -0.5
    points = points_draw(now, rng.standard_normal((len(rates.weights), 4, 3)))
    population_take(now, rates, points, points.sum(axis=1))
    assert now.lengths.min() > 0.0
    assert np.allclose((now.axes.T * now.lengths**2) @ now.axes, now.covariance, atol=1e-12)
