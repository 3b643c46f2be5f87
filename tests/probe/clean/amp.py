"""Mixed precision: autocast to bfloat16, a gradient scaler, clipping after unscaling."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(4, 32)
        self.fc = nn.Linear(32, 4)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.relu(self.norm(self.conv2(x)))
        return self.fc(x.mean(dim=(2, 3)))


def make_set(samples, prototypes):
    labels = torch.randint(len(prototypes), (samples,))
    return TensorDataset(prototypes[labels] + 0.5 * torch.randn(samples, 3, 12, 12), labels)


torch.manual_seed(0)
device = "cpu"
colours = torch.randn(4, 3, 1, 1).expand(4, 3, 12, 12) + 0.5 * torch.randn(4, 3, 12, 12)
train_loader = DataLoader(make_set(256, colours), batch_size=64, shuffle=True)
test_loader = DataLoader(make_set(64, colours), batch_size=64)
model = Net().to(device)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
scaler = torch.amp.GradScaler(device=device)

for epoch in range(8):
    model.train()
    for images, labels in train_loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        with torch.autocast(device_type=device, dtype=torch.bfloat16):
            logits = model(images)
            loss = F.cross_entropy(logits, labels)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()

    model.eval()
    test_loss = 0.0
    with torch.no_grad(), torch.autocast(device_type=device, dtype=torch.bfloat16):
        for images, labels in test_loader:
            test_loss += F.cross_entropy(model(images), labels, reduction="sum").item()
    print(f"epoch {epoch} loss {test_loss / len(test_loader.dataset):.4f}")
