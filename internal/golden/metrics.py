"""Writes testdata/metrics.json: what scikit-learn and PyTorch make of random predictions.

    pip install -r internal/golden/requirements.txt
    python internal/golden/metrics.py
"""

import json
import pathlib

import numpy as np
import sklearn.metrics as metrics
import sklearn.utils.class_weight as class_weight
import torch

CLASSES, IMAGES = 5, 60
rng = np.random.default_rng(1)

labels = rng.integers(0, CLASSES - 1, IMAGES)  # none is of the last class
logits = rng.normal(size=(IMAGES, CLASSES)).astype(np.float32)
logits[np.arange(IMAGES), labels] += 1
logits[:, 2] -= 5  # nothing is taken for it
probabilities = torch.softmax(torch.tensor(logits, dtype=torch.float64), 1).numpy()
predicted = probabilities.argmax(1)
every = list(range(CLASSES))
precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)

weights = [0.5, 1.0, 2.0, 0.25, 3.0]
losses = {}
for smoothing in [0.0, 0.2]:
    x = torch.tensor(logits, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(
        x, torch.tensor(labels), weight=torch.tensor(weights), label_smoothing=smoothing, reduction="sum")
    loss.backward()
    losses[str(smoothing)] = {"loss": loss.item(), "gradient": x.grad.flatten().tolist()}

# Four images [height, width, channels]: each is mixed with the next one, by these shares and centres.
images = rng.normal(size=(4, 4, 6, 2)).astype(np.float32)
shares, centres = [0.25, 1.0, 0.5, 0.0], [(0, 0), (2, 3), (1, 5), (3, 1)]
batch = torch.tensor(images)
others = batch.roll(-1, 0)
share = torch.tensor(shares).view(-1, 1, 1, 1)
mixed = {"mixup": (share * batch + (1 - share) * others, shares)}
cut, kept = batch.clone(), []
for i, (own, (y, x)) in enumerate(zip(shares, centres)):
    side = (1 - own) ** 0.5
    half_height, half_width = int(side * 4) // 2, int(side * 6) // 2
    top, bottom, left, right = max(0, y - half_height), min(4, y + half_height), max(0, x - half_width), min(6, x + half_width)
    cut[i, top:bottom, left:right] = others[i, top:bottom, left:right]
    kept.append(1 - (bottom - top) * (right - left) / 24)
mixed["cutmix"] = (cut, kept)
soft = {}
for kind, (result, own) in mixed.items():
    x, own = torch.tensor(logits[:4], requires_grad=True), torch.tensor(own).view(-1, 1)
    hot = torch.nn.functional.one_hot(torch.tensor(labels[:4]), CLASSES).float()
    loss = torch.nn.functional.cross_entropy(x, own * hot + (1 - own) * hot.roll(-1, 0), label_smoothing=0.1, reduction="sum")
    loss.backward()
    soft[kind] = {
        "images": result.flatten().tolist(), "shares": own.flatten().tolist(), "loss": loss.item(), "gradient": x.grad.flatten().tolist(),
    }

present = np.unique(labels)
document = {
    "labels": labels.tolist(),
    "logits": [[float(v) for v in row] for row in logits],
    "probabilities": probabilities.tolist(),
    "confusion": metrics.confusion_matrix(labels, predicted, labels=every).tolist(),
    "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
    "accuracy": metrics.accuracy_score(labels, predicted),
    "log_loss": metrics.log_loss(labels, probabilities, labels=every),
    "top": [metrics.top_k_accuracy_score(labels, probabilities, k=k, labels=every) for k in range(1, CLASSES)],
    "balanced_weights": class_weight.compute_class_weight("balanced", classes=present, y=labels).tolist(),
    "class_weights": weights,
    "weighted": losses,
    "images": images.flatten().tolist(), "choices": [[round(1000 * s), y, x] for s, (y, x) in zip(shares, centres)],
    "mixed": soft,
}
path = pathlib.Path(__file__).parent / "testdata" / "metrics.json"
path.write_text(json.dumps(document, indent=None) + "\n")
