"""Build the sampler of one strategy by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from optimizer.domain.search.gaussian import GaussianSampler
from optimizer.domain.search.genetic import GeneticSampler
from optimizer.domain.search.halton import HaltonSampler
from optimizer.domain.search.samplers import RandomSampler, Sampler
from optimizer.domain.search.space import Space


class _Maker(Protocol):
    def __call__(self, *, dim: int, seed: int, place: int) -> Sampler: ...


_PURE: Final[Mapping[str, _Maker]] = {
    "random": RandomSampler,
    "qmc": HaltonSampler,
    "nsga2": GeneticSampler,
    "gp": GaussianSampler,
}


def sampler_make(name: str, seed: int, space: Space, place: int) -> Sampler:
    """Return a sampler over the cube of ``space``.

    Args:
        name: one of ``optimizer.domain.search.samplers.SAMPLERS``.
        seed: of the study.
        space: of the strategy.
        place: of the strategy in its study; strategies get different random numbers by it.
    """
    if name == "cmaes":
        from optimizer.adapters.cmaes_sampler import CmaesSampler

        return CmaesSampler(dim=space.dim, seed=seed, place=place)
    if name == "tpe":
        # only those who search with it pay for the import of Optuna
        from optimizer.adapters.tpe_sampler import TpeSampler

        return TpeSampler(dim=space.dim, seed=seed, place=place)
    return _PURE[name](dim=space.dim, seed=seed, place=place)
