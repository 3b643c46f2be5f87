"""Segmentation: a U-Net in a file of its own, binary cross-entropy plus Dice, RMSprop."""

import torch
import torch.nn as nn
from models import UNet
from torch.utils.data import DataLoader, Dataset


class Disks(Dataset):
    def __init__(self, samples):
        rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
        centers, radii = 3 + 10 * torch.rand(samples, 2), 3 + 2 * torch.rand(samples)
        distance = ((rows - centers[:, :1, None]) ** 2 + (columns - centers[:, 1:, None]) ** 2).sqrt()
        self.masks = (distance < radii[:, None, None]).float().unsqueeze(1)
        self.images = self.masks - 0.25 + 0.4 * torch.randn(samples, 1, 16, 16)

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return {"image": self.images[index], "mask": self.masks[index]}


def dice_loss(probabilities, masks):
    overlap = (probabilities * masks).sum(dim=(1, 2, 3))
    total = probabilities.sum(dim=(1, 2, 3)) + masks.sum(dim=(1, 2, 3))
    return 1 - ((2 * overlap + 1) / (total + 1)).mean()


def evaluate(net, dataloader):
    net.eval()
    scores = []
    with torch.no_grad():
        for batch in dataloader:
            scores.append(dice_loss(torch.sigmoid(net(batch["image"])), batch["mask"]).item())
    net.train()
    return sum(scores) / len(scores)


def train_net(net, epochs=4, batch_size=32, lr=1e-3):
    train_loader = DataLoader(Disks(256), batch_size=batch_size, shuffle=True)
    val_loader = DataLoader(Disks(64), batch_size=batch_size)
    optimizer = torch.optim.RMSprop(net.parameters(), lr=lr, weight_decay=1e-8)
    criterion = nn.BCEWithLogitsLoss()
    step = 0
    for _ in range(epochs):
        net.train()
        for batch in train_loader:
            logits = net(batch["image"])
            loss = criterion(logits, batch["mask"]) + dice_loss(torch.sigmoid(logits), batch["mask"])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_value_(net.parameters(), 0.1)
            optimizer.step()
            step += 1
            if step % 4 == 0:
                print(f"step {step} loss {evaluate(net, val_loader):.4f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    train_net(UNet())
