"""Convolutions, batch normalisation, dropout, shuffled batches, a schedule, clipping, evaluation between epochs."""

import torch
from tell import tell
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(8, 4)
        nn.init.kaiming_normal_(self.conv.weight)

    def forward(self, x):
        return self.head(self.drop(self.act(self.norm(self.conv(x)))).mean((2, 3)))


net = Net()
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
loader = DataLoader(TensorDataset(torch.randn(32, 3, 8, 8), torch.randint(4, (32,))), 8, shuffle=True)
for _epoch in range(2):
    net.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss = cross_entropy(net(images), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        print(repr(loss.item()))
    schedule.step()
    net.eval()
    with torch.no_grad():
        print(repr(net(images).sum().item()))
    tell(net=net, optimizer=optimizer, schedule=schedule)
