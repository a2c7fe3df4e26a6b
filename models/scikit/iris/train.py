"""Trains the iris model and writes what its folder serves: `python models/scikit/iris/train.py [--out DIR]`.

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
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

SEED = 7


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the iris model.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write (default: this one)")
    train(parser.parse_args().out)


def train(out: Path) -> None:
    """Write the model's files to `out`, which is made if need be."""
    data = load_iris()
    inputs = [re.sub(r"\W+", "_", name).strip("_") for name in data.feature_names]
    species = data.target_names[data.target]
    fitted_on, held_out, fitted_species, held_out_species = train_test_split(
        data.data, species, test_size=0.3, random_state=SEED, stratify=species
    )
    model = Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression())])
    model.fit(fitted_on, fitted_species)
    print(f"scikit-learn {sklearn.__version__}, seed {SEED}: {len(fitted_on)} rows to fit, {len(held_out)} held out")
    print(f"accuracy on the held-out rows: {model.score(held_out, held_out_species):.3f}")

    examples = held_out[[np.flatnonzero(held_out_species == name)[-1] for name in model.classes_]]
    request = [dict(zip(inputs, row, strict=True)) for row in examples.tolist()]
    response = [
        {**row, "prediction": prediction, "probability": probability}
        for row, prediction, probability in zip(
            request, model.predict(examples).tolist(), model.predict_proba(examples).tolist(), strict=True
        )
    ]
    out.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, out / "model.pkl")
    metadata = {"model": "iris", "inputs": inputs, "outputs": ["prediction", "probability"]}
    for name, content in ("metadata", metadata), ("request", request), ("response", response):
        (out / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
