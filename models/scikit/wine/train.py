"""Trains the wine model and writes what its folder serves: `python models/scikit/wine/train.py [--out DIR]`.

Owns the folder's `model.pkl`, `metadata.json`, `request.json` and `response.json`; prints the figures of its README.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import joblib
import numpy as np
import sklearn
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the wine model.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write (default: this one)")
    train(parser.parse_args().out)


def train(out: Path) -> None:
    """Write the model's files to `out`, which is made if need be."""
    data = load_wine()
    inputs = [re.sub(r"\W+", "_", name).strip("_") for name in data.feature_names]
    fitted_on, held_out, fitted_classes, held_out_classes = train_test_split(
        data.data, data.target, test_size=0.3, random_state=SEED, stratify=data.target
    )
    # So few rows need no index to search in.
    nearest = KNeighborsClassifier(n_neighbors=5, algorithm="brute")
    model = Pipeline([("scale", StandardScaler()), ("classify", nearest)])
    model.fit(fitted_on, fitted_classes)
    print(f"scikit-learn {sklearn.__version__}, seed {SEED}: {len(fitted_on)} rows to fit, {len(held_out)} held out")
    print(f"accuracy on the held-out rows: {model.score(held_out, held_out_classes):.3f}")

    examples = held_out[[np.flatnonzero(held_out_classes == number)[-1] for number in model.classes_]]
    request = [dict(zip(inputs, row, strict=True)) for row in examples.tolist()]
    response = [
        {**row, "prediction": prediction, "probability": probability}
        for row, prediction, probability in zip(
            request, model.predict(examples).tolist(), model.predict_proba(examples).tolist(), strict=True
        )
    ]
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, out / "model.pkl")
    metadata = {"model": "wine", "inputs": inputs, "outputs": ["prediction", "probability"]}
    for name, content in ("metadata", metadata), ("request", request), ("response", response):
        (out / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
