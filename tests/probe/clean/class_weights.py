"""Unequal classes: weights in the loss, label smoothing, and a sampler that draws them evenly as an option."""

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--oversample", action="store_true")
parser.add_argument("--smoothing", type=float, default=0.1)
args = parser.parse_args()

torch.manual_seed(0)
labels = torch.multinomial(torch.tensor([0.7, 0.2, 0.1]), 640, replacement=True)
inputs = 1.5 * torch.randn(3, 10)[labels] + torch.randn(640, 10)
inputs = (inputs - inputs[:512].mean(dim=0)) / inputs[:512].std(dim=0)
train_set = TensorDataset(inputs[:512], labels[:512])
test_set = TensorDataset(inputs[512:], labels[512:])

counts = torch.bincount(labels[:512], minlength=3)
class_weights = counts.sum() / (3.0 * counts)
if args.oversample:
    sampler = WeightedRandomSampler(class_weights[labels[:512]], num_samples=512)
    train_loader = DataLoader(train_set, batch_size=128, sampler=sampler)
    class_weights = None
else:
    train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
test_loader = DataLoader(test_set, batch_size=128)

model = nn.Sequential(nn.Linear(10, 64), nn.ELU(), nn.Linear(64, 32), nn.ELU(), nn.Linear(32, 3))
criterion = nn.CrossEntropyLoss(weight=class_weights, label_smoothing=args.smoothing)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

for epoch in range(12):
    model.train()
    for batch, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(batch), target)
        loss.backward()
        optimizer.step()

    model.eval()
    with torch.no_grad():
        test_loss = sum(criterion(model(batch), target).item() for batch, target in test_loader) / len(test_loader)
    print(f"epoch {epoch} loss {test_loss:.4f}")
