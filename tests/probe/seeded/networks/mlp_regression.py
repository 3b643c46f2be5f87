"""A perceptron fitted to a smooth function, by two functions."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Regressor(nn.Module):
    def __init__(self, features=8, width=64):
        super().__init__()
        self.fc1 = nn.Linear(features, width)
        self.fc2 = nn.Linear(width, width)
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.head(x)


def fit(model, train_loader, test_loader, epochs, lr):
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(epochs):
        model.train()
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs).squeeze(1), targets)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch} loss {loss.item():.4f} test {evaluate(model, test_loader, criterion):.4f}")


def evaluate(model, test_loader, criterion):
    model.eval()
    with torch.no_grad():
        return sum(criterion(model(inputs).squeeze(1), targets).item() for inputs, targets in test_loader)


def main():
    torch.manual_seed(0)
    features = torch.randn(640, 8)
    values = features[:, :3].sin().sum(dim=1) - features[:, 3].abs()
    values = (values - values.mean()) / values.std()
    train_loader = DataLoader(TensorDataset(features[:512], values[:512]), batch_size=128, shuffle=True)
    test_loader = DataLoader(TensorDataset(features[512:], values[512:]), batch_size=128)
    fit(Regressor(), train_loader, test_loader, epochs=4, lr=2e-3)


main()
