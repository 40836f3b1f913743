"""Extraction against the bare forward pass of the same encoder, and its memory at N and at 2N pictures.

    python benchmarks/extract.py --encoder torchvision/resnet50 --pictures 192 --out extract.json

Both rates are measured in the same run on the same machine, in turns: `forward` passes ready batches through the
encoder and does nothing else; `extract` opens rendered JPEG files, resizes, encodes, and writes shards. Memory is the
peak resident size of a process of its own for each number of pictures.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw

from tandem.files import write_json
from tandem.params.vision import VisionParams
from tandem.vision.extract import autocast, device, extract
from tandem.vision.registry import load_encoder

SIZES = ((1200, 675), (680, 510), (600, 800), (1024, 768))  # what posts carry, in pixels


def render(folder: Path, count: int) -> pd.DataFrame:
    """Draw `count` JPEG files with coarse colours, shapes and grain; the table that `extract` takes."""
    rows = []
    for number in range(count):
        rng = np.random.default_rng(number)
        size = SIZES[number % len(SIZES)]
        image = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(size)
        draw = ImageDraw.Draw(image)
        for _ in range(20):
            x, y, side = (int(rng.integers(0, limit)) for limit in (*size, 200))
            draw.ellipse((x, y, x + side, y + side), fill=tuple(int(value) for value in rng.integers(0, 256, 3)))
        grain = rng.normal(0, 6, (size[1], size[0], 1))
        image = Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))
        path = folder / f"{number}.jpg"
        image.save(path, quality=87)
        rows.append((str(number), str(path), hashlib.sha256(path.read_bytes()).hexdigest(), None))
    return pd.DataFrame(rows, columns=["image_id", "image_path", "image_hash", "caption"])


def forward_rate(params: VisionParams, pictures: pd.DataFrame) -> float:
    """Pictures a second through the encoder alone, on a batch that is ready."""
    place = device()
    encoder = load_encoder(params).to(place).to(memory_format=torch.channels_last)
    ready = [
        encoder.preprocess(Image.open(path).convert("RGB")) for path in pictures["image_path"][: params.batch_size]
    ]
    batch = encoder.collate(ready).to(place)
    passes = max(1, len(pictures) // params.batch_size)
    with torch.inference_mode(), autocast(encoder, params.precision, place):
        encoder(batch).pooled.cpu()
        started = time.perf_counter()
        for _ in range(passes):
            encoder(batch).pooled.cpu()
        return passes * len(batch) / (time.perf_counter() - started)


def extract_rate(params: VisionParams, pictures: pd.DataFrame) -> float:
    """Pictures a second from files to shards."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        return extract(pictures, root / "out", params, root / "store")["run"]["per_second"]


def peak_memory(params: VisionParams, table: Path, count: int) -> int:
    """Peak resident MiB of a process that extracts the first `count` pictures."""
    command = [sys.executable, __file__, "--memory-of", str(table), "--pictures", str(count)]
    command += ["--encoder", params.encoder, "--weights", str(params.weights), "--batch-size", str(params.batch_size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def main() -> None:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="torchvision/resnet50")
    parser.add_argument("--weights", default="none", help="random weights are as fast as trained ones")
    parser.add_argument("--pictures", type=int, default=192, help="N")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3, help="turns; the median ratio is reported")
    parser.add_argument("--out", type=Path, help="where to write the numbers as JSON")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    weights = None if given.weights == "None" else given.weights
    params = VisionParams(encoder=given.encoder, weights=weights, batch_size=given.batch_size)
    if given.memory_of is not None:
        extract_rate(params, pd.read_parquet(given.memory_of).head(given.pictures))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return
    with tempfile.TemporaryDirectory() as name:
        pictures = render(Path(name), 2 * given.pictures)
        table = Path(name) / "pictures.parquet"
        pictures.to_parquet(table)
        first = pictures.head(given.pictures)
        turns = [(forward_rate(params, first), extract_rate(params, first)) for _ in range(given.repeats)]
        memory = [peak_memory(params, table, count) for count in (given.pictures, 2 * given.pictures)]
    ratios = [extracted / forward for forward, extracted in turns]
    result = {
        "encoder": given.encoder,
        "device": str(device()),
        "threads": torch.get_num_threads(),
        "batch_size": given.batch_size,
        "pictures": given.pictures,
        "forward_per_second": round(statistics.median(forward for forward, _ in turns), 2),
        "extract_per_second": round(statistics.median(extracted for _, extracted in turns), 2),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_lowest": round(min(ratios), 3),
        "ratio_highest": round(max(ratios), 3),
        "peak_mib_n": memory[0],
        "peak_mib_2n": memory[1],
    }
    for key, value in result.items():
        print(f"{key:20} {value}")
    if given.out is not None:
        write_json(given.out, result)


if __name__ == "__main__":
    main()
