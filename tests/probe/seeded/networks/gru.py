"""A recurrent classifier of signals with a trainer class."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Classifier(nn.Module):
    def __init__(self, channels=2, hidden=32, classes=3):
        super().__init__()
        self.gru = nn.GRU(channels, hidden, batch_first=True)
        self.fc1 = nn.Linear(hidden, 64)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        x = self.gru(x)[0][:, -1]
        x = torch.relu(self.fc1(x))
        x = self.dropout(x)
        return self.head(x)


class Trainer:
    def __init__(self, model, train_set, test_set, lr=3e-3):
        self.model = model
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)
        self.train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
        self.test_loader = DataLoader(test_set, batch_size=128)

    def train_epoch(self):
        self.model.train()
        for inputs, targets in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(inputs), targets)
            loss.backward()
            self.optimizer.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        correct = 0
        for inputs, targets in self.test_loader:
            outputs = self.model(inputs)
            correct += (outputs.argmax(dim=1) == targets).sum().item()
        return correct / len(self.test_loader.dataset)

    def fit(self, epochs):
        for epoch in range(epochs):
            loss = self.train_epoch()
            print(f"epoch {epoch} loss {loss:.4f} accuracy {self.evaluate():.3f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    labels = torch.randint(3, (640,))
    time = torch.arange(12.0) + 6 * torch.rand(640, 1)
    wave = 0.4 * (labels[:, None] + 1) * time
    features = 1.3 * torch.stack([wave.sin(), wave.cos()], dim=2) + 0.3 * torch.randn(640, 12, 2)
    train_set = TensorDataset(features[:512], labels[:512])
    test_set = TensorDataset(features[512:], labels[512:])
    Trainer(Classifier(), train_set, test_set).fit(epochs=6)
