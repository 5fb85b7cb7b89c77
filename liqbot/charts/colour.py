"""Colours as eyes see them: between sRGB and CIE L*a*b* (white point D65)."""

import numpy as np

from liqbot.market.positions import Floats

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_TO_RGB: Floats = np.linalg.inv(_TO_XYZ)
_WHITE: Floats = _TO_XYZ.sum(axis=1)
_KNEE = 6 / 29


def to_linear(rgb: Floats) -> Floats:
    """Return light (0 to 1) of sRGB values (0 to 255), any shape."""
    share = rgb / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def from_linear(light: Floats) -> Floats:
    """Return sRGB values (0 to 255, clipped to what a screen can show) of light (0 to 1), any shape."""
    light = np.clip(light, 0.0, 1.0)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def to_lab(rgb: Floats) -> Floats:
    """Return L* (0 to 100), a* and b* of sRGB values (0 to 255), both of shape (..., 3)."""
    ratio = to_linear(np.asarray(rgb, dtype=np.float64)) @ _TO_XYZ.T / _WHITE
    f: Floats = np.where(ratio > _KNEE**3, ratio ** (1 / 3), ratio / (3 * _KNEE**2) + 4 / 29)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def from_lab(lab: Floats) -> Floats:
    """Return the sRGB values (0 to 255) nearest to L*, a* and b*, both of shape (..., 3)."""
    y: Floats = (lab[..., 0] + 16) / 116
    f: Floats = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    ratio = np.where(f > _KNEE, f**3, 3 * _KNEE**2 * (f - 4 / 29))
    return from_linear((ratio * _WHITE) @ _TO_RGB.T)
