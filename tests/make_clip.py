"""Makes the short film that WaveSpeed's simulator serves for every video: `python -m tests.make_clip`.

H.264 in 4:2:0 with its index in front, which every browser plays, and only a few kilobytes. Drawn here, so that
nobody else's material is in the repository. It needs `av`, a development dependency; the film itself is committed.
"""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont

CLIP = Path(__file__).parents[1] / "promptmill" / "local" / "simulators" / "clip.mp4"
SIZE = (320, 180)
FRAMES_PER_SECOND = 12
SECONDS = 2


def frame(share: float) -> Image.Image:
    """Return the frame at a share (0 to 1) of the film: a ball that goes once around, so that it loops smoothly."""
    width, height = SIZE
    picture = Image.new("RGB", SIZE, (24, 32, 64))
    pen = ImageDraw.Draw(picture)
    angle = 2 * math.pi * share
    x, y = width / 2 + 100 * math.cos(angle), height / 2 + 50 * math.sin(angle)
    pen.ellipse((x - 18, y - 18, x + 18, y + 18), fill=(240, 180, 60))
    pen.text((width / 2, height / 2), "simulated", fill=(230, 230, 240), font=ImageFont.load_default(22), anchor="mm")
    return picture


def make_clip(path: Path) -> None:
    """Write the film."""
    count = FRAMES_PER_SECOND * SECONDS
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        stream = film.add_stream("libx264", rate=FRAMES_PER_SECOND, options={"crf": "30", "preset": "veryslow"})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, FRAMES_PER_SECOND)
        for number in range(count):
            picture = av.VideoFrame.from_image(frame(number / count))  # type: ignore[no-untyped-call]
            film.mux(stream.encode(picture))
        film.mux(stream.encode(None))


if __name__ == "__main__":
    make_clip(CLIP)
    sys.stdout.write(f"{CLIP.name}: {CLIP.stat().st_size} bytes\n")
