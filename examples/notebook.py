"""A notebook page: predictions by name, an evaluation, its table in pandas, and a verdict.

    pip install 'regcore[arrow,demo]' pandas
    python examples/notebook.py

A notebook as a script: VS Code, PyCharm and Jupyter (with jupytext) open it by its cells, and what
stands alone in the last line of a cell shows itself there as a table. The photos and the model are
the demo's.
"""

# %%
import tempfile
from pathlib import Path

import regcore
from regcore.demo import exported_model
from regcore.files.cache_dir import user_cache
from regcore.images.sample_photos import sample_photos

model = exported_model(user_cache(), log=print)
folder = tempfile.TemporaryDirectory()
photos, run = Path(folder.name) / "photos", Path(folder.name) / "run"

# %% [markdown]
# Twenty photos in a folder, and their classes in a file.

# %%
photos.mkdir()
lines = []
for path, label in zip(*sample_photos(), strict=True):
    (photos / path.name).symlink_to(path)
    lines.append(f"{path.name} {label}\n")
labels = Path(folder.name) / "labels.txt"
labels.write_text("".join(lines))

# %% [markdown]
# What does the model take the first three for?

# %%
first = sorted(photos.iterdir())[:3]
regcore.predict_photos(model, first, top=2, class_names="imagenet")

# %% [markdown]
# How often is it right?

# %%
evaluated = regcore.evaluate_model(model, photos, labels, out=run)
evaluated.report.evaluation.topn

# %% [markdown]
# Where was it least sure? `margin` is how far the first choice is ahead of the second.

# %%
frame = regcore.tabulate_predictions(run, class_names="imagenet").to_arrow().to_pandas()
unsure = frame.sort_values("margin").head()
unsure[["name", "label_name", "class1_name", "rank", "margin"]]

# %% [markdown]
# Is that as accurate as what was published? Twenty photos cannot tell.

# %%
verdict = regcore.judge_run(run, baseline_top1=74.83, max_drop="1pt")
verdict

# %%
print(evaluated.report.evaluation.topn, verdict.outcome.value)
folder.cleanup()
