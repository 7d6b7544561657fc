"""Training of the networks by a few steps, and what golden values are taken from it."""

import dataclasses
from collections.abc import Callable

import torch
import torch.nn.functional as F

import networks
from draws import labels, uniform
from networks import Network

MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4  # per mean loss


@dataclasses.dataclass(frozen=True)
class Case:
    """A network and how it is trained.

    Where rounding decides which element a pool takes or whether a ReLU is open, gradients jump, by 1e-3 to 1e-1 of
    their largest element at this size, and no two implementations agree. Most salts have such a place somewhere, so
    search_salt.py looks for one that has none."""

    name: str
    logits: Callable
    multiply_adds: int  # of one image forward at width 64, in millions
    salt: str
    batch: int
    rates: tuple  # one a step, per mean loss
    smoothing: float = 0.0  # of labels
    bias_factor: float = 1  # by which the biases' rate is higher, and their weight decay lower
    frozen: tuple = ()  # parts
    tolerance: float = 2e-5  # of rounding_errors: tests allow 1e-4, and rounding that decides something makes more

    def network(self, dtype, **settings):
        return Network(self.logits, self.salt, dtype, frozen=self.frozen, **settings)

    def images(self, i, dtype):
        return uniform(f"{self.salt}images/{i}", (self.batch, 32, 32, 3), 2.0).to(dtype)

    def loss(self, logits, i):
        """Summed over the batch."""
        wanted = labels(f"{self.salt}labels/{i}", self.batch)
        return F.cross_entropy(logits, wanted, reduction="sum", label_smoothing=self.smoothing)

    def factor(self, name):
        return self.bias_factor if name.endswith("/bias") else 1


CASES = (
    Case("dawn", networks.dawn, 460, salt="8", batch=16, rates=(0.05, 0.1)),
    Case("backbone", networks.backbone, 228, salt="3", batch=16, rates=(0.1, 0.2, 0.3)),
    Case("resnet9", networks.resnet9, 379, salt="3808", batch=16, rates=(0.1, 0.2, 0.3)),
    Case(
        "fine-tuning", networks.backbone, 228, salt="1", batch=16, rates=(0.1, 0.2, 0.3), frozen=("prep", "layer2"),
    ),
    # Two images in each group of the norms, so noise alone moves its gradients by 3e-5, without a jump.
    Case(
        "bag-of-tricks", networks.bag_of_tricks, 380, salt="30", batch=32, rates=(0.1, 0.2), smoothing=0.2,
        bias_factor=64, tolerance=5e-5,
    ),
    # Noise alone moves its gradients by 2e-5.
    Case("airbench96", networks.airbench96, 120, salt="62", batch=16, rates=(0.1, 0.2), smoothing=0.2, tolerance=3e-5),
    Case("airbench94-2025", networks.airbench94_2025, 118, salt="0", batch=16, rates=(0.1, 0.2), smoothing=0.2),
)


def nesterov(w, g, v, lr, wd):
    """One step, w and v in place. The velocity holds the learning rate of the step that added to it."""
    d = -lr * (g + wd * w)
    v.mul_(MOMENTUM).add_(d)
    w.add_(d + MOMENTUM * v)


def train(case, dtype, noise_seed=None):
    """Runs the steps and returns the golden tensors."""
    net, golden, losses = case.network(dtype, noise_seed=noise_seed), {}, []
    velocity = {name: torch.zeros_like(w) for name, w in net.parameters.items()}
    for step, rate in enumerate(case.rates):
        logits = net.logits(case.images(step, dtype))
        loss = case.loss(logits, step)
        gradients = torch.autograd.grad(loss, list(net.parameters.values()))
        losses.append(loss.detach() / case.batch)
        with torch.no_grad():
            for (name, w), g in zip(net.parameters.items(), gradients):
                if step == 0:
                    golden[f"grad1/{name}"] = g.clone()
                factor = case.factor(name)
                nesterov(w, g, velocity[name], rate / case.batch * factor, WEIGHT_DECAY * case.batch / factor)
        if step == 0:
            golden["logits1"] = logits.detach()
            golden |= {f"step1/{name}": s.clone() for name, s in net.statistics.items()}
    net.training, net.noise = False, None
    golden |= {f"last/{name}": t.detach() for name, t in (net.parameters | net.statistics).items()}
    golden["loss"] = torch.stack(losses)
    with torch.no_grad():
        golden["eval/logits"] = net.logits(case.images(0, dtype))
    return golden


def train_sgd(case, dtype, rescale):
    """The parameters after the same steps by torch.optim.SGD, named as in `train`.

    Its momentum buffer leaves the learning rate out, ours has it in, so the two agree where the rate stays the same;
    rescale makes them agree where it changes too, by multiplying the buffer by the old rate over the new."""
    net = case.network(dtype)
    groups = [
        {"params": [w], "factor": case.factor(name), "weight_decay": WEIGHT_DECAY * case.batch / case.factor(name)}
        for name, w in net.parameters.items()
    ]
    sgd = torch.optim.SGD(groups, lr=1.0, momentum=MOMENTUM, nesterov=True)
    for step, rate in enumerate(case.rates):
        sgd.zero_grad()
        case.loss(net.logits(case.images(step, dtype)), step).backward()
        for group in sgd.param_groups:
            if rescale and step > 0:
                sgd.state[group["params"][0]]["momentum_buffer"].mul_(case.rates[step - 1] / rate)
            group["lr"] = rate / case.batch * group["factor"]
        sgd.step()
    return {f"last/{name}": w.detach() for name, w in net.parameters.items()}


def relative_error(got, want):
    """The largest max|a-b| / max|b| over the tensors of want, and the tensor it is in."""
    errors = {name: ((got[name] - b.double()).abs().max() / b.abs().max()).item() for name, b in want.items()}
    worst = max(errors, key=errors.get)
    return errors[worst], worst


def rounding_errors(case):
    """Yields what is compared, its relative error and the tensor that is in: of the golden values as they are, in
    float32, then in float64 with noise, each to float64."""
    exact = train(case, torch.float64)
    yield "float32", *relative_error(train(case, torch.float32), exact)
    for seed in range(8):
        yield f"float64 with noise {seed}", *relative_error(train(case, torch.float64, noise_seed=seed), exact)
