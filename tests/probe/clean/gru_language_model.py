"""A character model: truncated back-propagation through time with a hidden state carried over and detached."""

import torch
from torch import nn

TEXT = "the quick brown fox jumps over the lazy dog while the small cat sleeps near the warm stove. " * 60


class CharModel(nn.Module):
    def __init__(self, vocab, width=48):
        super().__init__()
        self.embed = nn.Embedding(vocab, 24)
        self.gru = nn.GRU(24, width, num_layers=2, batch_first=True)
        self.head = nn.Linear(width, vocab)

    def forward(self, x, hidden=None):
        out, hidden = self.gru(self.embed(x), hidden)
        return self.head(out), hidden


def chunks(data, batch, length):
    rows = data[: len(data) // batch * batch].view(batch, -1)
    for start in range(0, rows.size(1) - length - 1, length):
        yield rows[:, start : start + length], rows[:, start + 1 : start + length + 1]


torch.manual_seed(0)
alphabet = sorted(set(TEXT))
data = torch.tensor([alphabet.index(letter) for letter in TEXT])
model = CharModel(len(alphabet))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(4):
    hidden, total, count = None, 0.0, 0
    for inputs, targets in chunks(data, batch=16, length=24):
        if hidden is not None:
            hidden = hidden.detach()
        logits, hidden = model(inputs, hidden)
        loss = loss_fn(logits.flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total, count = total + loss.item(), count + 1
    print(f"epoch {epoch} loss {total / count:.4f}")
