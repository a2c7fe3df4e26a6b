"""The spark runtime over the engine: the committed example, served from the repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from runtimes.spark_local.compile import compile_folder
from runtimes.spark_local.runtime import SparkRuntime

EXAMPLE = Path(__file__).parents[3] / "models/spark/pm_spark"


async def test_a_saved_pipeline_is_served_from_the_repository(shop, run_runtime):
    shutil.copytree(EXAMPLE, shop.root / "spark/pm_spark")
    request = json.loads((EXAMPLE / "request.json").read_text())
    async with run_runtime(SparkRuntime(), shop, allow_code=False) as client:
        await client.model("pm_spark", state="ready")
        assert await client.post("pm_spark", request) == (200, json.loads((EXAMPLE / "response.json").read_text()))
        told = (await client.get("pm_spark"))[1]
        assert (told["inputs"], told["outputs"]) == (["features"], ["rawPrediction", "probability", "predictionLabel"])
        assert told["schema"] == {
            "features": {"type": "vector", "size": 31},
            "rawPrediction": {"type": "vector", "size": 2},
            "probability": {"type": "vector", "size": 2},
            "predictionLabel": {"type": "string"},
        }


async def test_bad_rows_are_the_callers_fault(shop, run_runtime):
    shutil.copytree(EXAMPLE, shop.root / "spark/pm_spark")
    features = json.loads((EXAMPLE / "request.json").read_text())[0]["features"]
    async with run_runtime(SparkRuntime(), shop) as client:
        await client.model("pm_spark", state="ready")
        for row in {"other": 1}, {"features": None}, {"features": features[1:]}, {"features": "text"}:
            status, problem = await client.post("pm_spark", [row])
            assert (status, problem["column"]) == (422, "features")


async def test_spelled_numbers_are_numbers(shop, run_runtime):
    shutil.copytree(EXAMPLE, shop.root / "spark/pm_spark")
    features = json.loads((EXAMPLE / "request.json").read_text())[0]["features"]
    async with run_runtime(SparkRuntime(), shop) as client:
        await client.model("pm_spark", state="ready")
        status, rows = await client.post("pm_spark", [{"features": ["NaN", "Infinity", *features[2:]]}])
        assert status == 200
        assert rows[0]["features"][:2] == ["NaN", "Infinity"]
        assert rows[0]["scaledFeatures"][:2] == ["NaN", "Infinity"]


async def test_a_folder_that_spark_did_not_save_is_broken_and_says_why(shop, run_runtime):
    shutil.copytree(EXAMPLE, shop.root / "spark/pm_spark")
    stage = next((shop.root / "spark/pm_spark/stages").glob("1_*/metadata/part-*"))
    stage.write_text(stage.read_text().replace("StandardScalerModel", "NoSuchModel"))
    async with run_runtime(SparkRuntime(), shop) as client:
        model = await client.model("pm_spark", state="broken")
        assert "NoSuchModel" in model["reason"]


async def test_a_compiled_model_takes_over_from_the_saved_one_and_answers_alike(shop, run_runtime, tmp_path):
    shutil.copytree(EXAMPLE, shop.root / "spark/pm_spark")
    request, response = (json.loads((EXAMPLE / f"{name}.json").read_text()) for name in ("request", "response"))
    compile_folder(EXAMPLE, tmp_path / "compiled")
    async with run_runtime(SparkRuntime(), shop, allow_code=False) as client:
        saved = await client.model("pm_spark", state="ready")
        shutil.rmtree(shop.root / "spark/pm_spark")
        shutil.copytree(tmp_path / "compiled", shop.root / "spark/pm_spark")
        await client.until(lambda health: any(m["version"] not in ("", saved["version"]) for m in health["models"]))
        assert (await client.get("pm_spark"))[1]["inputs"] == ["features"]
        assert await client.post("pm_spark", request) == (200, response)


async def test_half_of_a_compiled_model_is_waited_for(shop, run_runtime, tmp_path):
    compile_folder(EXAMPLE, tmp_path / "compiled")
    content = (tmp_path / "compiled/model.npz").read_bytes()
    shop.put("spark/pm_spark", {"model.npz": content[: len(content) // 2]})
    async with run_runtime(SparkRuntime(), shop, allow_code=False) as client:
        await client.ready()
        shop.put("spark/pm_spark", {"model.npz": content})
        await client.model("pm_spark", state="ready")
