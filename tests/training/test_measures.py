"""Figures of likeness behave as their papers say."""

from __future__ import annotations

import pytest
import torch

from talchum.training.measures import gradients, psnr, ssim_map


def test_psnr_is_that_of_the_pixels_that_count() -> None:
    a = torch.zeros(1, 3, 8, 8)
    b = a.clone()
    b[..., :4] = 0.1
    b[..., 4:] = 1.0
    where = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    where[..., :4] = True
    assert psnr(a, b, where) == pytest.approx(20.0, abs=1e-4)


def test_equal_pictures_are_wholly_similar() -> None:
    picture = torch.rand(1, 3, 20, 20)
    assert torch.allclose(ssim_map(picture, picture), torch.ones(1, 3, 20, 20))
    assert psnr(picture, picture, torch.ones(1, 1, 20, 20, dtype=torch.bool)) == pytest.approx(100.0)


def test_structure_counts_more_than_brightness() -> None:
    picture = torch.rand(1, 3, 32, 32) * 0.5 + 0.25
    brighter, scrambled = picture + 0.05, picture.flip(-1)
    assert float(ssim_map(picture, brighter).mean()) > 0.9 > float(ssim_map(picture, scrambled).mean())


def test_gradients_are_differences_to_the_neighbours() -> None:
    ramp = torch.arange(5.0).expand(1, 1, 4, 5)
    found = gradients(ramp)
    assert found.shape == (1, 2, 4, 5)
    assert torch.all(found[:, 0, :, :4] == 1)
    assert torch.all(found[:, 0, :, 4] == 0)
    assert torch.all(found[:, 1] == 0)
