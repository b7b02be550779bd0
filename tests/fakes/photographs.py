"""Photographs as telephones take them."""

from __future__ import annotations

import io

from PIL import Image


def photograph(size: tuple[int, int] = (60, 40), where: bool = True) -> bytes:
    """A picture as a telephone makes it, with what its camera says of itself."""
    out = io.BytesIO()
    exif = Image.Exif()
    if where:
        exif[0x010F] = "camera of somebody"
    Image.new("RGB", size, "tan").save(out, "JPEG", exif=exif)
    return out.getvalue()
