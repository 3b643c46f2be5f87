"""Recurrent layers, packed sequences, and cells that are called hundreds of times in a pass."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 8, 2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(16, 8)
        self.cell = nn.LSTMCell(8, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        out, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        out, _ = self.gru(out.transpose(0, 1))
        state = None
        for part in out:
            state = self.cell(part, state)
        return self.head(state[0])


net, alone = Net(), nn.GRUCell(4, 4)
optimizer = torch.optim.Adam([*net.parameters(), *alone.parameters()], lr=1e-3)
for _step in range(6):
    optimizer.zero_grad()
    x = torch.randn(4, 30, 4)
    lengths = torch.randint(1, 30, (4,)).index_fill(0, torch.tensor([0]), 30)
    state = torch.zeros(4, 4)
    for place in range(300):
        state = alone(x[:, place % 30], state)
    loss = nn.functional.cross_entropy(net(x, lengths), torch.randint(3, (4,))) + state.square().mean()
    loss.backward()
    optimizer.step()
    print(repr(loss.item()))
tell(net=net, alone=alone)
