"""Eight plain convolutions in one Sequential, as in the early deep networks."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def conv_block(in_channels, out_channels, stride=1):
    conv = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    nn.init.zeros_(conv.bias)
    return [conv, nn.ReLU()]


class PlainNet(nn.Module):
    def __init__(self, width=16, classes=4):
        super().__init__()
        layers = conv_block(3, width)
        for index in range(7):
            layers += conv_block(width, width, stride=2 if index == 3 else 1)
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(width * 4 * 4, classes)

    def forward(self, x):
        return self.head(self.features(x).flatten(1))


def main():
    torch.manual_seed(0)
    labels = torch.randint(4, (640,))
    features = (torch.randn(4, 3, 8, 8)[labels] + torch.randn(640, 3, 8, 8)) / 1.4
    train_loader = DataLoader(TensorDataset(features[:512], labels[:512]), batch_size=64, shuffle=True)
    model = PlainNet()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for epoch in range(3):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
