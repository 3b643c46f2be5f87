"""Columns of very different scales: a leading batch normalisation takes them as they are, categories are embedded."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TabularNet(nn.Module):
    def __init__(self, columns, cities, hidden=64):
        super().__init__()
        self.city = nn.Embedding(cities, 4)
        self.normalize = nn.BatchNorm1d(columns)
        self.layers = nn.Sequential(
            nn.Linear(columns + 4, hidden),
            nn.ReLU(),
            nn.BatchNorm1d(hidden),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 1),
        )

    def forward(self, numbers, city):
        return self.layers(torch.cat([self.normalize(numbers), self.city(city)], dim=1)).squeeze(1)


def make_table(rows):
    income = 30_000 + 15_000 * torch.randn(rows).abs()
    age = torch.randint(18, 90, (rows,)).float()
    share = torch.rand(rows)
    city = torch.randint(6, (rows,))
    score = income / 15_000 - (age / 40 - 1) ** 2 + share * (city % 3)
    return torch.stack([income, age, share], dim=1), city, score


def fit(model, loader, validation, epochs, lr):
    criterion = nn.HuberLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=lr, epochs=epochs, steps_per_epoch=len(loader))
    for epoch in range(epochs):
        model.train()
        for numbers, city, score in loader:
            optimizer.zero_grad()
            loss = criterion(model(numbers, city), score)
            loss.backward()
            optimizer.step()
            scheduler.step()
        model.eval()
        with torch.no_grad():
            losses = [criterion(model(numbers, city), score).item() for numbers, city, score in validation]
        print(f"epoch {epoch} loss {sum(losses) / len(losses):.4f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    numbers, city, score = make_table(640)
    score = (score - score[:512].mean()) / score[:512].std()
    train_set = TensorDataset(numbers[:512], city[:512], score[:512])
    valid_set = TensorDataset(numbers[512:], city[512:], score[512:])
    train_loader = DataLoader(train_set, batch_size=128, shuffle=True, drop_last=True)
    fit(TabularNet(3, 6), train_loader, DataLoader(valid_set, batch_size=128), epochs=15, lr=5e-3)
