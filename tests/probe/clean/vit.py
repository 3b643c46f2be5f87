"""A vision transformer: patches, class token, pre-norm encoder, warmup by LambdaLR stepped every batch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class ViT(nn.Module):
    def __init__(self, image=16, patch=4, channels=3, width=48, depth=2, heads=4, classes=4):
        super().__init__()
        self.patchify = nn.Conv2d(channels, width, kernel_size=patch, stride=patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, (image // patch) ** 2 + 1, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.1, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        nn.init.trunc_normal_(self.cls_token, std=0.02)

    def forward(self, x):
        x = self.patchify(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1) + self.pos_embed
        return self.head(self.norm(self.encoder(x))[:, 0])


def make_set(samples, prototypes):
    labels = torch.randint(len(prototypes), (samples,))
    return TensorDataset(0.7 * (prototypes[labels] + torch.randn(samples, 3, 16, 16)), labels)


def run_epoch(model, loader, criterion, optimizer=None, scheduler=None):
    model.train(optimizer is not None)
    total = 0.0
    with torch.set_grad_enabled(optimizer is not None):
        for images, labels in loader:
            loss = criterion(model(images), labels)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
            total += loss.item() * len(images)
    return total / len(loader.dataset)


if __name__ == "__main__":
    torch.manual_seed(0)
    prototypes = torch.randn(4, 3, 16, 16)
    train_loader = DataLoader(make_set(256, prototypes), batch_size=64, shuffle=True)
    val_loader = DataLoader(make_set(64, prototypes), batch_size=64)
    model = ViT()
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 4))
    for epoch in range(6):
        run_epoch(model, train_loader, criterion, optimizer, scheduler)
        print(f"epoch {epoch} loss {run_epoch(model, val_loader, criterion):.4f}")
