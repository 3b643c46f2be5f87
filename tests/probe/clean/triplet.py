"""Metric learning: normalised embeddings, hardest triplets of each batch, triplet margin loss."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Embedder(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv1d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 16, 5, padding=2), nn.ReLU()
        )
        self.project = nn.Linear(16 * 16, dim)

    def forward(self, x):
        return F.normalize(self.project(self.features(x).flatten(1)), dim=1)


def mine(embeddings, labels):
    """For each anchor any sample of its class and the nearest one of another."""
    distances = torch.cdist(embeddings.detach(), embeddings.detach())
    same = labels[:, None] == labels[None, :]
    positive = torch.multinomial(same.float(), 1).squeeze(1)
    negative = distances.masked_fill(same, 10.0).argmin(dim=1)
    return embeddings[positive], embeddings[negative]


def make_signals(samples, classes=5):
    labels = torch.randint(classes, (samples,))
    time = torch.linspace(0, 6.28, 32)
    phase = 6.28 * torch.rand(samples, 1)
    waves = torch.sin((labels[:, None] + 1) * time + phase)
    return TensorDataset((waves + 0.3 * torch.randn(samples, 32)).unsqueeze(1), labels)


def main():
    torch.manual_seed(0)
    loader = DataLoader(make_signals(512), batch_size=128, shuffle=True)
    validation = DataLoader(make_signals(128), batch_size=128)
    model = Embedder()
    criterion = nn.TripletMarginLoss(margin=0.3)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(20):
        model.train()
        for signals, labels in loader:
            embeddings = model(signals)
            loss = criterion(embeddings, *mine(embeddings, labels))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for signals, labels in validation:
                embeddings = model(signals)
                print(f"epoch {epoch} loss {criterion(embeddings, *mine(embeddings, labels)).item():.4f}")


if __name__ == "__main__":
    main()
