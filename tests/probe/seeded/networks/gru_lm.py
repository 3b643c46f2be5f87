"""A recurrent language model whose output layer is the transposed embedding."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

VOCAB, LENGTH = 40, 12


class LanguageModel(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.decoder = nn.Linear(width, VOCAB)
        self.decoder.weight = self.embedding.weight
        self.init_weights()

    def init_weights(self):
        nn.init.normal_(self.embedding.weight, std=0.05)
        nn.init.zeros_(self.decoder.bias)

    def forward(self, x):
        x, _ = self.gru(self.embedding(x))
        return self.decoder(self.norm(x))


def main():
    torch.manual_seed(0)
    tokens = torch.tensor([1, 1, 2, 5]).repeat(2048)[torch.randperm(8192)].cumsum(0) % VOCAB
    windows = tokens.unfold(0, LENGTH + 1, LENGTH)[:640]
    train_loader = DataLoader(TensorDataset(windows[:512]), batch_size=64, shuffle=True)
    model = LanguageModel()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(2):
        for (batch,) in train_loader:
            inputs, targets = batch[:, :-1], batch[:, 1:]
            optimizer.zero_grad()
            logits = model(inputs)
            loss = criterion(logits.reshape(-1, VOCAB), targets.reshape(-1))
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
