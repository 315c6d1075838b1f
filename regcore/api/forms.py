"""All forms of JSON that regcore writes and prints, and the schemas that are made of them.

`python -m regcore.api.forms` writes the files in regcore/schemas again.
"""

from __future__ import annotations

import json
from importlib.resources import as_file, files

from regcore.api.convert import ConvertForm
from regcore.api.convert_om import ConvertCommandForm
from regcore.api.evaluation_job import RunJournalForm
from regcore.api.inference_inputs import InferenceForm
from regcore.api.verify import VerifyForm
from regcore.calibration.form import CalibrationForm
from regcore.calibration.record import QuantizationRecord
from regcore.convert.inspect_form import InspectForm
from regcore.models.build_record import DeviceModelForm
from regcore.performance.perf_file import PerfForm
from regcore.performance.profile.profile_file import ProfileForm
from regcore.reports.batchcheck import BatchCheckForm
from regcore.reports.certify import CertifyForm
from regcore.reports.comparison.comparison_file import ComparisonForm
from regcore.reports.demo_form import DemoForm
from regcore.reports.doctor_form import DoctorForm
from regcore.reports.export import ExportForm
from regcore.reports.guide_lint.rendering import LintForm
from regcore.reports.identify import IdentifyForm
from regcore.reports.inference import InferForm
from regcore.reports.labels import LabelsForm
from regcore.reports.layers import LayersForm
from regcore.reports.prediction import PredictForm
from regcore.reports.preprocessing import PlanForm, PreprocessForm
from regcore.reports.quantize import QuantizeForm
from regcore.reports.recipe import RecipeDiffForm, RecipeListForm, RecipeShowForm
from regcore.reports.run_form import RunForm
from regcore.reports.score_form import ScoreForm
from regcore.reports.trtexec import TrtexecForm
from regcore.reports.verdict import VerdictForm
from regcore.schemas.generate import Form, generate
from regcore.schemas.recipe_form import ModelRecipe
from regcore.store.ledger_line import LedgerLine
from regcore.store.manifest_form import ManifestForm, StoreForm
from regcore.trust.certify.evidence_form import CanaryLine, Decision, EvidenceForm, FindingLine

FORMS = (
    Form("batchcheck", "regcore batchcheck --json", BatchCheckForm),
    Form("calibration", "calibration.json; regcore calibrate --json", CalibrationForm),
    Form("certify", "regcore certify --json", CertifyForm),
    Form("comparison", "comparison.json; regcore compare --json", ComparisonForm),
    Form("convert", "regcore convert --json", ConvertForm),
    Form("convert-command", "regcore convert --print --json", ConvertCommandForm),
    Form("demo", "regcore demo --json", DemoForm),
    Form("device-model", "MODEL.om.json, MODEL.engine.json", DeviceModelForm),
    Form("doctor", "regcore doctor --json", DoctorForm),
    Form("evidence", "The first line of regcore certify --evidence", EvidenceForm),
    Form("evidence-canary", "The second line of the same, where there are canaries", CanaryLine),
    Form("evidence-image", "A line of the same for each image that was drawn", Decision),
    Form("evidence-verdict", "The last line of the same, once the test has ended", FindingLine),
    Form("export", "regcore export --json", ExportForm),
    Form("identify", "regcore identify --json", IdentifyForm),
    Form("infer", "regcore infer --json", InferForm),
    Form("inference", "infer.json", InferenceForm),
    Form("inspect", "regcore inspect --json", InspectForm),
    Form("labels", "regcore labels --json", LabelsForm),
    Form("layers", "layers.json; regcore layers --json", LayersForm),
    Form("lint", "regcore compare --lint --json", LintForm),
    Form(
        "onnx-quantization",
        "The property regcore.quantization of an ONNX file",
        QuantizationRecord,
    ),
    Form("onnx-recipe", "The property regcore.recipe of an ONNX file", ModelRecipe),
    Form("perf", "perf.json", PerfForm),
    Form("plan", "regcore preprocess --dry-run --json", PlanForm),
    Form("predict", "regcore predict --json", PredictForm),
    Form("preprocess", "regcore preprocess --json", PreprocessForm),
    Form("profile", "profile.json; regcore profile --json", ProfileForm),
    Form("quantize", "regcore quantize --json", QuantizeForm),
    Form("recipe", "regcore recipe show --json", RecipeShowForm),
    Form("recipe-diff", "regcore recipe diff --json", RecipeDiffForm),
    Form("recipe-list", "regcore recipe list --json", RecipeListForm),
    Form("run", "run.json; regcore run --json", RunForm),
    Form("run-journal", "The first line of run.scores.part", RunJournalForm),
    Form("score", "regcore score --json", ScoreForm),
    Form("store", "manifest.json", ManifestForm),
    Form(
        "store-image",
        "A line of images.jsonl",
        LedgerLine,
        "An image of a store; images.jsonl.part has the same lines after its first, which is a "
        "`store-journal`.",
    ),
    Form("store-journal", "The first line of images.jsonl.part", StoreForm),
    Form("trtexec", "regcore trtexec --json", TrtexecForm),
    Form("verdict", "verdict.json; regcore verdict --json", VerdictForm),
    Form("verify", "regcore verify --json", VerifyForm),
)


def main() -> None:
    """Writes the schemas of all forms."""
    for form in FORMS:
        with as_file(files("regcore.schemas") / f"{form.name}.schema.json") as path:
            path.write_text(json.dumps(generate(form), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
