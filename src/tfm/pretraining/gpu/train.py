"""Trains a Tab2D on batches written by `causalmixft pretrain --export FOLDER`, on a GPU in bfloat16.

    python train.py FOLDER OUT [--device cuda] [--precision bf16] [--minutes 20]

FOLDER holds run.json (the configuration), initial.safetensors (the weights to begin with) and
shard-*.safetensors (batches). It may still be growing: the program waits for the next shard until
the file `complete` is there. OUT gets config.json and model.safetensors, which load like any model,
log.jsonl, and checkpoint.pt, from which the same command goes on after a stop.
The network, the two optimisers and the schedule are those of ../train.ts. Needs torch and safetensors.
"""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn


def attend(q, k, v):
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v)
    # On a CPU the fused kernel is slower than three plain operations.
    return (q @ k.transpose(2, 3) * q.shape[-1] ** -0.5).softmax(-1).to(v.dtype) @ v


class Attention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))

    def forward(self, asking, asked):  # [..., n, d], [..., m, d] -> [..., n, d]
        *outer, n, d = asking.shape
        split = lambda t: t.reshape(-1, t.shape[-2], self.heads, d // self.heads).transpose(1, 2)
        mixed = attend(split(self.q(asking)), split(self.k(asked)), split(self.v(asked)))
        return self.o(mixed.transpose(1, 2).reshape(*outer, n, d))


class Layer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.layer_norm1, self.layer_norm2, self.layer_norm3, self.layer_norm4 = (nn.LayerNorm(dim) for _ in range(4))
        self.attention1, self.attention2 = Attention(dim, heads), Attention(dim, heads)
        self.linear1, self.linear2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.linear3, self.linear4 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x, support, last):  # [b, c, n, d]; in the last layer only query rows and token 0 go on
        h = self.layer_norm1(x)
        if last:
            x = x[:, :, support:]
        x = x + self.attention1(h[:, :, support:] if last else h, h[:, :, :support])
        x = x + self.linear2(F.gelu(self.linear1(self.layer_norm2(x))))
        x = x.transpose(1, 2)  # [b, n, c, d]
        h = self.layer_norm3(x)
        if last:
            x = x[:, :, :1]
        x = x + self.attention2(h[:, :, :1] if last else h, h)
        x = x + self.linear4(F.gelu(self.linear3(self.layer_norm4(x))))
        return x.transpose(1, 2)


class XEmbedding(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.x_embedding = nn.Linear(1, dim)


class YEmbedding(nn.Module):
    def __init__(self, dim, classes):
        super().__init__()
        self.y_embedding, self.y_mask = nn.Embedding(classes, dim), nn.Embedding(1, dim)


class Tab2D(nn.Module):
    def __init__(self, dim, dim_output, n_layers, n_heads, **_):
        super().__init__()
        self.x_embedding, self.y_embedding = XEmbedding(dim), YEmbedding(dim, dim_output)
        self.layers = nn.ModuleList(Layer(dim, n_heads) for _ in range(n_layers))
        self.final_layer_norm, self.final_layer = nn.LayerNorm(dim), nn.Linear(dim, dim_output)

    def forward(self, z, labels):  # z [b, n, f], labels of the support rows [b, s] -> logits [b, n - s, outputs]
        support = labels.shape[1]
        cells = self.x_embedding.x_embedding(z.transpose(1, 2).unsqueeze(-1)).float()
        known = self.y_embedding.y_embedding(labels)
        asked = self.y_embedding.y_mask.weight.expand(len(z), z.shape[1] - support, -1)
        x = torch.cat([torch.cat([known, asked], 1).unsqueeze(1), cells], 1)
        for i, layer in enumerate(self.layers):
            x = layer(x, support, i == len(self.layers) - 1)
        return self.final_layer(self.final_layer_norm(x[:, 0]))


def z_scores(buckets, support):
    """Buckets [b, n, f] -> z-scores by the support rows; a constant column becomes zeros."""
    scaled = buckets.float() / support
    scaled = scaled - scaled[:, :support].mean(1, keepdim=True)
    deviation = scaled[:, :support].square().mean(1, keepdim=True).sqrt()
    return torch.where(deviation > 0, scaled / deviation.clamp_min(1e-20), 0)


class Muon:
    """Momentum made nearly orthogonal by five Newton-Schulz steps, for matrices of the same shape at once."""

    def __init__(self, named, decay, beta=0.95, exact=False):
        self.decay, self.beta, self.exact, self.groups = decay, beta, exact, {}
        for _, p in named:
            self.groups.setdefault(tuple(p.shape), []).append(p)
        self.momentum = {s: torch.zeros(len(ps), *s, device=ps[0].device) for s, ps in self.groups.items()}

    @torch.no_grad()
    def step(self, rate):
        for (out, inputs), matrices in self.groups.items():
            gradient, momentum = torch.stack([p.grad for p in matrices]), self.momentum[(out, inputs)]
            momentum.lerp_(gradient, 1 - self.beta)
            x = gradient.lerp(momentum, self.beta)
            x = x if self.exact else x.bfloat16()
            x = x.transpose(1, 2) if out > inputs else x
            x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
            for _ in range(5):
                a = x @ x.transpose(1, 2)
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
            x = (x.transpose(1, 2) if out > inputs else x).float() * (rate * max(1, out / inputs) ** 0.5)
            for p, update in zip(matrices, x):
                p.mul_(1 - rate * self.decay).sub_(update)


def batches(folder, first):
    """(step, buckets, labels, support) from step `first` on, waiting for shards that are not there yet."""
    number = 0
    while True:
        path = folder / f"shard-{number:05d}.safetensors"
        while not path.exists():
            if (folder / "complete").exists() and not path.exists():
                return
            time.sleep(0.2)
        shard = load_file(path)
        steps = sorted({int(name.split(".")[0]) for name in shard})
        for step in steps:
            if step >= first:
                yield step, shard[f"{step}.buckets"], shard[f"{step}.labels"].long(), int(shard[f"{step}.support"])
        number += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precision", choices=["bf16", "f32"], default="bf16")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop earlier, saved, after so many minutes")
    parser.add_argument("--keep-f32", action="store_true", help="write the weights as F32 instead of F16")
    given = parser.parse_args()
    run = json.loads((given.folder / "run.json").read_text())
    config, network = run["config"], run["network"]
    device, exact = given.device, given.precision == "f32"

    model = Tab2D(**network)
    model.load_state_dict(load_file(given.folder / "initial.safetensors"))
    model.to(device)
    average = {name: p.detach().clone() for name, p in model.named_parameters()}
    named = list(model.named_parameters())
    is_matrix = lambda name, p: name.startswith("layers.") and p.ndim == 2
    muon = Muon([(n, p) for n, p in named if is_matrix(n, p)], config["weightDecay"], exact=exact)
    adam = torch.optim.AdamW([p for n, p in named if not is_matrix(n, p)], betas=(0.9, 0.98), weight_decay=0)

    given.out.mkdir(parents=True, exist_ok=True)
    checkpoint, step, before = given.out / "checkpoint.pt", 0, 0
    if checkpoint.exists():
        kept = torch.load(checkpoint, map_location=device)
        model.load_state_dict(kept["model"])
        adam.load_state_dict(kept["adam"])
        average, muon.momentum, step = kept["average"], kept["momentum"], kept["step"]
        before = kept.get("seconds", 0)

    def save():
        kept = {"model": model.state_dict(), "adam": adam.state_dict(), "average": average}
        kept |= {"momentum": muon.momentum, "step": step, "seconds": before + time.time() - started}
        torch.save(kept, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)

    log, started, saved = (given.out / "log.jsonl").open("a"), time.time(), time.time()
    losses, tables = [], 0
    for step, buckets, labels, support in batches(given.folder, step):
        up = min(1, (step + 1) / config["warmUp"]) if config["warmUp"] else 1
        down = min(1, (1 - step / config["steps"]) / config["decay"]) if config["decay"] else 1
        z, labels = z_scores(buckets.to(device), support), labels.to(device)
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=not exact):
            logits = model(z, labels[:, :support])
        loss = F.cross_entropy(logits.float().flatten(0, 1), labels[:, support:].flatten(), ignore_index=-1)
        adam.zero_grad()
        model.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), config["clip"])
        for group in adam.param_groups:
            group["lr"] = config["adamRate"] * up * down
        adam.step()
        muon.step(config["muonRate"] * up * down)
        keep = min(config["average"], (step + 1) / (step + 20))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.values()), [p for _, p in named], 1 - keep)
        losses.append(loss.detach())
        tables, step = tables + len(z), step + 1
        if step % 50 == 0 or step == config["steps"] or exact:
            mean = torch.stack(losses).mean().item()
            if mean != mean:
                raise SystemExit(f"Cannot go on as the loss must be a number: near step {step} it is not; {checkpoint} is the last good one")
            rate = tables / (time.time() - started)
            line = {"step": step, "loss": mean, "norm": float(norm), "tablesPerSecond": round(rate, 1)}
            log.write(json.dumps({**line, "seconds": round(before + time.time() - started, 1)}) + "\n")
            log.flush()
            losses = []
        if time.time() - saved > 120:
            save()
            saved = time.time()
        if time.time() - started > 60 * given.minutes:
            break
    save()
    kind = torch.float32 if given.keep_f32 else torch.float16
    save_file({name: p.to(kind).cpu().contiguous() for name, p in sorted(average.items())}, given.out / "model.safetensors")
    (given.out / "config.json").write_text(json.dumps(network))


if __name__ == "__main__":
    main()
