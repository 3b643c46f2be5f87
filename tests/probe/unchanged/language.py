"""Tied embeddings, attention whose evaluation takes the fast path, packed sequences, clipping by value."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.rnn = nn.LSTM(16, 16, 2, dropout=0.1, batch_first=True)
        self.head = nn.Linear(16, 20, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens, lengths):
        states = self.encoder(self.embed(tokens))
        packed = nn.utils.rnn.pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False)
        return self.head(nn.utils.rnn.pad_packed_sequence(self.rnn(packed)[0], batch_first=True, total_length=6)[0])


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
loss_fn = nn.CrossEntropyLoss(ignore_index=0, label_smoothing=0.1)
for step in range(5):
    tokens, lengths = torch.randint(20, (4, 6)), torch.tensor([6, 3, 1, 5])
    loss = loss_fn(model(tokens, lengths).transpose(1, 2), tokens)
    loss.backward()
    nn.utils.clip_grad_value_(model.parameters(), 0.1)
    optimizer.step()
    optimizer.zero_grad()
    model.eval()
    with torch.inference_mode(step % 2 == 1), torch.no_grad():
        print(repr(loss.item()), repr(model(tokens, lengths).sum().item()))
    model.train()
tell(model=model, optimizer=optimizer)
