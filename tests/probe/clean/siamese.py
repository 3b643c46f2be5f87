"""A siamese network with shared weights and a contrastive loss on pairs."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Pairs(Dataset):
    """Two noisy views of prototypes, and whether the prototype is the same."""

    def __init__(self, count, prototypes):
        first = torch.randint(len(prototypes), (count,))
        second = torch.where(torch.rand(count) < 0.5, first, torch.randint(len(prototypes), (count,)))
        self.left = prototypes[first] + 0.6 * torch.randn(count, 20)
        self.right = prototypes[second] + 0.6 * torch.randn(count, 20)
        self.same = (first == second).float()

    def __len__(self):
        return len(self.same)

    def __getitem__(self, i):
        return self.left[i], self.right[i], self.same[i]


class SiameseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(20, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 8)
        )

    def forward(self, left, right):
        return self.encoder(left), self.encoder(right)


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, left, right, same):
        distance = F.pairwise_distance(left, right)
        apart = torch.clamp(self.margin - distance, min=0.0)
        return (same * distance.pow(2) + (1 - same) * apart.pow(2)).mean()


torch.manual_seed(0)
prototypes = torch.randn(8, 20)
train_loader = DataLoader(Pairs(512, prototypes), batch_size=128, shuffle=True)
val_loader = DataLoader(Pairs(128, prototypes), batch_size=128)
net = SiameseNet()
criterion = ContrastiveLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)

for epoch in range(10):
    net.train()
    for left, right, same in train_loader:
        optimizer.zero_grad()
        loss = criterion(*net(left, right), same)
        loss.backward()
        optimizer.step()

    net.eval()
    with torch.inference_mode():
        val_loss = sum(criterion(*net(left, right), same).item() for left, right, same in val_loader) / len(val_loader)
    print(f"epoch {epoch} loss {val_loss:.4f}")
