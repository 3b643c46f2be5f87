"""A recurrent cell stepped by hand."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Counter(nn.Module):
    """Carries a sum along the sequence by a linear recurrence."""

    def __init__(self, hidden=24):
        super().__init__()
        self.inp = nn.Linear(1, hidden)
        self.recurrent = nn.Linear(hidden, hidden, bias=False)
        self.head = nn.Linear(hidden, 1)
        nn.init.orthogonal_(self.recurrent.weight)

    def forward(self, x):
        state = torch.zeros(len(x), self.recurrent.in_features)
        for time in range(x.size(1)):
            state = self.recurrent(state) + self.inp(x[:, time])
        return self.head(state).squeeze(1)


def main():
    torch.manual_seed(0)
    features = torch.randn(512, 30, 1)
    values = features[:, -5:].mean(dim=(1, 2)) * 5**0.5
    train_loader = DataLoader(TensorDataset(features, values), batch_size=128, shuffle=True)
    model = Counter()
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=3e-4)
    for epoch in range(4):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
