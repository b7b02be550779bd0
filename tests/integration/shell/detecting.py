"""A detect worker process for tests and the bench: topics, group and pace as told."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from ingest.kafka_options import KafkaOptions
from ingest.telemetry import Telemetry
from processors.stream.app import StageOptions, run_stage
from processors.stream.detect import detect_stages
from processors.stream.stage import DETECT_PACE


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "feed", "results", "breaches", "snapshots", "group"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--instance", default="one")
    parser.add_argument("--save-s", type=float, default=5.0)
    settings = parser.parse_args()
    telemetry = Telemetry("detect")
    sys.exit(
        run_stage(
            "detect",
            KafkaOptions(settings.bootstrap),
            settings.feed,
            detect_stages(telemetry, settings.results, settings.breaches),
            telemetry,
            StageOptions(
                group=settings.group,
                instance=settings.instance,
                snapshots=settings.snapshots,
                pace=replace(DETECT_PACE, save_s=settings.save_s),
            ),
        )
    )


if __name__ == "__main__":
    main()
