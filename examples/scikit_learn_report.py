"""scikit-learn's metrics on regcore's top-k: accuracy, a report, and a confusion of classes.

    pip install 'regcore[demo]' scikit-learn
    python examples/scikit_learn_report.py

The scores come from ONNX Runtime here; they may as well be an array that some other tool left.
"""

import numpy as np
import onnxruntime
from sklearn.metrics import accuracy_score, classification_report, top_k_accuracy_score

from regcore import Preprocessor, Recipe, topk, topn_accuracy
from regcore.demo import MODEL, exported_model
from regcore.files.cache_dir import user_cache
from regcore.images.sample_photos import sample_photos

paths, labels = sample_photos()
images = Preprocessor(Recipe.preset(MODEL))(paths)
model = onnxruntime.InferenceSession(exported_model(user_cache(), log=print))
(scores,) = model.run(None, {model.get_inputs()[0].name: images})

classes = np.arange(scores.shape[1])
topn = topn_accuracy(scores, labels)
for rank in (1, 5):
    theirs = top_k_accuracy_score(labels, scores, k=rank, labels=classes)
    print(f"Top{rank}: scikit-learn {theirs:.4f}, regcore {topn.accuracy(rank):.4f}")

_, best = topk(scores, 5)
predicted = best[:, 0]
print(f"accuracy of the first choices: {accuracy_score(labels, predicted):.4f}")
for true, wrong in zip(labels[predicted != labels], predicted[predicted != labels], strict=True):
    print(f"class {true} was taken for class {wrong}")
report = classification_report(labels, predicted, output_dict=True, zero_division=0)
print(f"weighted F1 {report['weighted avg']['f1-score']:.4f}")
