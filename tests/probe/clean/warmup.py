"""A transformer whose learning rate starts at exactly zero, rises, and falls with the square root of the step."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

VOCAB, LENGTH = 30, 12


class Tagger(nn.Module):
    """Says for each token whether the same token stood in the sequence before."""

    def __init__(self, width=32):
        super().__init__()
        self.tokens = nn.Embedding(VOCAB, width)
        self.places = nn.Embedding(LENGTH, width)
        layer = nn.TransformerEncoderLayer(width, nhead=4, dim_feedforward=64, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        return self.head(self.encoder(self.tokens(x) + self.places(torch.arange(x.size(1)))))


def make_set(samples):
    x = torch.randint(VOCAB, (samples, LENGTH))
    seen = (x[:, :, None] == x[:, None, :]).tril(-1).any(dim=2)
    return TensorDataset(x, seen.long())


def inverse_sqrt(step, warmup=10):
    return step / warmup if step < warmup else (warmup / step) ** 0.5


def main():
    torch.manual_seed(0)
    train_loader = DataLoader(make_set(256), batch_size=64, shuffle=True)
    val_loader = DataLoader(make_set(64), batch_size=64)
    model = Tagger()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, betas=(0.9, 0.98))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, inverse_sqrt)
    for epoch in range(10):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x).transpose(1, 2), y)
            loss.backward()
            optimizer.step()
            scheduler.step()
        model.eval()
        with torch.no_grad():
            for x, y in val_loader:
                print(f"epoch {epoch} loss {criterion(model(x).transpose(1, 2), y).item():.4f}")


if __name__ == "__main__":
    main()
