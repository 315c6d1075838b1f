"""Takes image classifiers to accelerators and proves that they arrived intact."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regcore.api.batchcheck import check_batches as check_batches
    from regcore.api.calibrate import calibrate_model as calibrate_model
    from regcore.api.certify import certify_model as certify_model
    from regcore.api.certify import certify_runs as certify_runs
    from regcore.api.certify import check_evidence as check_evidence
    from regcore.api.compare import compare_rates as compare_rates
    from regcore.api.doctor import run_doctor as run_doctor
    from regcore.api.evaluate import evaluate_model as evaluate_model
    from regcore.api.identify import identify_tensor as identify_tensor
    from regcore.api.infer import infer_images as infer_images
    from regcore.api.labels import examine_labels as examine_labels
    from regcore.api.layers import compare_layers as compare_layers
    from regcore.api.predict import predict_photos as predict_photos
    from regcore.api.predictions import export_predictions as export_predictions
    from regcore.api.predictions import tabulate_predictions as tabulate_predictions
    from regcore.api.preprocess import preprocess_images as preprocess_images
    from regcore.api.profile import profile_model as profile_model
    from regcore.api.quantize import quantize_model as quantize_model
    from regcore.api.report import add_to_report as add_to_report
    from regcore.api.report import write_report as write_report
    from regcore.api.score import score_predictions as score_predictions
    from regcore.api.verdict import judge_run as judge_run
    from regcore.calibration.folder import CalibrationSet as CalibrationSet
    from regcore.calibration.folder import open_calibration as open_calibration
    from regcore.calibration.readers import calibration_dataset as calibration_dataset
    from regcore.calibration.readers import calibration_reader as calibration_reader
    from regcore.calibration.tensorrt_calibrator import tensorrt_calibrator as tensorrt_calibrator
    from regcore.errors import BackendError as BackendError
    from regcore.errors import DatasetError as DatasetError
    from regcore.errors import DecodeError as DecodeError
    from regcore.errors import MismatchError as MismatchError
    from regcore.errors import OutputError as OutputError
    from regcore.errors import PredictionError as PredictionError
    from regcore.errors import RegcoreError as RegcoreError
    from regcore.errors import ScoreFileError as ScoreFileError
    from regcore.errors import UsageError as UsageError
    from regcore.host import simd_level as simd_level
    from regcore.host import simd_levels as simd_levels
    from regcore.images.batch_stream import Batch as Batch
    from regcore.images.batch_stream import BatchStream as BatchStream
    from regcore.images.decode import decode as decode
    from regcore.images.preprocessor import Preprocessor as Preprocessor
    from regcore.images.resize import resize as resize
    from regcore.recipes.recipe import Recipe as Recipe
    from regcore.scores.calibration_error import CalibrationError as CalibrationError
    from regcore.scores.class_hits import ClassHits as ClassHits
    from regcore.scores.confusion import Confusion as Confusion
    from regcore.scores.ranks import ranks as ranks
    from regcore.scores.topk import topk as topk
    from regcore.scores.topn import TopN as TopN
    from regcore.scores.topn import topn_accuracy as topn_accuracy
    from regcore.scores.weighted_topn import WeightedTopN as WeightedTopN
    from regcore.store.reader import Store as Store
    from regcore.store.reader import open_store as open_store
    from regcore.store.writer import write_store as write_store

    __version__: str

#: The names of each module, imported at their first use (PEP 562): `import regcore` costs little.
_NAMES_OF_MODULES = {
    "api.batchcheck": "check_batches",
    "api.calibrate": "calibrate_model",
    "api.certify": "certify_model certify_runs check_evidence",
    "api.compare": "compare_rates",
    "api.doctor": "run_doctor",
    "api.evaluate": "evaluate_model",
    "api.identify": "identify_tensor",
    "api.infer": "infer_images",
    "api.labels": "examine_labels",
    "api.layers": "compare_layers",
    "api.predict": "predict_photos",
    "api.predictions": "export_predictions tabulate_predictions",
    "api.preprocess": "preprocess_images",
    "api.profile": "profile_model",
    "api.quantize": "quantize_model",
    "api.report": "add_to_report write_report",
    "api.score": "score_predictions",
    "api.verdict": "judge_run",
    "calibration.folder": "CalibrationSet open_calibration",
    "calibration.readers": "calibration_dataset calibration_reader",
    "calibration.tensorrt_calibrator": "tensorrt_calibrator",
    "errors": "BackendError DatasetError DecodeError MismatchError OutputError PredictionError "
    "RegcoreError ScoreFileError UsageError",
    "host": "simd_level simd_levels",
    "images.batch_stream": "Batch BatchStream",
    "images.decode": "decode",
    "images.preprocessor": "Preprocessor",
    "images.resize": "resize",
    "recipes.recipe": "Recipe",
    "scores.calibration_error": "CalibrationError",
    "scores.class_hits": "ClassHits",
    "scores.confusion": "Confusion",
    "scores.ranks": "ranks",
    "scores.topk": "topk",
    "scores.topn": "TopN topn_accuracy",
    "scores.weighted_topn": "WeightedTopN",
    "store.reader": "Store open_store",
    "store.writer": "write_store",
}
_HOMES = {name: home for home, names in _NAMES_OF_MODULES.items() for name in names.split()}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("regcore")
    if name not in _HOMES:
        raise AttributeError(f"module 'regcore' has no attribute {name!r}")
    try:
        module = import_module(f"regcore.{_HOMES[name]}")
    except ImportError as error:
        if error.name != "regcore":
            raise
        raise ImportError(
            f"{error}: this is the source tree, without its compiled core; "
            "install it with 'pip install -e .', or leave this folder"
        ) from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
