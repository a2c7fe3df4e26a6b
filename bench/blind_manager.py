"""The manager, but its Envoys count nothing for metrics: `python bench/blind_manager.py` for `-m manager`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from manager import main
from manager.xds import listeners

listeners.edge_metrics = list
listeners.step_metrics = lambda _node: []
sys.exit(main.main())
