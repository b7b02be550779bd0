"""Forms with photographs: read within limits, each picture also made anew without what the camera wrote.

The bytes as they came and the time of their receipt are the evidence; what a camera says of time and place
is a claim, and is not in the copies that are shown.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncGenerator, Mapping

import anyio.to_thread
from PIL import Image, ImageOps, UnidentifiedImageError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from alerts.store.life_store import HandedIn
from alerts.web.security import BadPost, check_origin, check_token, read_form

MOST_BYTES = 24 * 1024 * 1024  # of a whole form
_MOST_PIXELS = 80_000_000
_SHOWN_PIXELS = (1600, 1600)
_KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


async def read_upload(
    request: Request, base_url: str, at: int
) -> tuple[Mapping[str, str], dict[str, tuple[HandedIn, ...]]]:
    """(fields, pictures by field) of a form of one of the desk's own pages. Raises BadPost.

    `at`: when it is received, ms UTC of the real clock.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        return await read_form(request, base_url), {}
    check_origin(request, base_url)
    parser = MultiPartParser(
        request.headers, _limited(request), max_files=8, max_fields=40, max_part_size=64 * 1024
    )
    try:
        form = await parser.parse()
    except MultiPartException as fault:
        raise BadPost(f"the form can't be read: {fault.message}") from None
    try:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        check_token(request, fields)
        pictures: dict[str, tuple[HandedIn, ...]] = {}
        for name, upload in form.multi_items():
            if isinstance(upload, UploadFile) and (content := await upload.read()):
                # to make a picture anew takes long: everybody else's pages go on meanwhile
                made = await anyio.to_thread.run_sync(handed_in, content, at)
                pictures[name] = (*pictures.get(name, ()), made)
    finally:
        await form.close()
    return fields, pictures


def handed_in(content: bytes, at: int) -> HandedIn:
    """A picture as it was received, with the copy that is shown. Raises BadPost for what is none."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_KINDS)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise BadPost(f"a picture of {picture.width} x {picture.height} pixels is too large")
            kind = _KINDS[str(picture.format)]
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as fault:
        raise BadPost(f"no picture that can be read (JPEG, PNG or WebP): {fault}") from None
    upright.thumbnail(_SHOWN_PIXELS)
    upright.info.clear()
    shown = io.BytesIO()
    upright.save(shown, "JPEG", quality=85)
    return HandedIn(hashlib.sha256(content).hexdigest(), kind, content, shown.getvalue(), at)


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > MOST_BYTES:
            raise BadPost(f"more than {MOST_BYTES // 1024 // 1024} MB: fewer or smaller pictures")
        yield chunk
