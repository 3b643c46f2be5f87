"""An LSTM that forecasts the next value of a wave, in a class that owns model and loaders."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Forecaster(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        x, _ = self.lstm(x)
        return self.head(x[:, -1])


class Experiment:
    def __init__(self, features, values, lr=5e-3):
        self.model = Forecaster()
        self.criterion = nn.MSELoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)
        train_set = TensorDataset(features[:512], values[:512])
        self.train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
        self.test_loader = DataLoader(TensorDataset(features[512:], values[512:]), batch_size=128)

    def run(self, epochs=4):
        for epoch in range(epochs):
            self.model.train()
            for inputs, targets in self.train_loader:
                self.optimizer.zero_grad()
                loss = self.criterion(self.model(inputs).squeeze(1), targets)
                loss.backward()
                self.optimizer.step()
            print(f"epoch {epoch} loss {loss.item():.4f} test {self.test():.4f}")

    @torch.no_grad()
    def test(self):
        self.model.eval()
        return sum(self.criterion(self.model(x).squeeze(1), y).item() for x, y in self.test_loader)


if __name__ == "__main__":
    torch.manual_seed(0)
    time = 6 * torch.rand(640, 1) + 0.4 * torch.arange(17)
    wave = 1.4 * time.sin()
    features = wave[:, :16].unsqueeze(2) + 0.1 * torch.randn(640, 16, 1)
    values = wave[:, 16]
    Experiment(features, values).run()
