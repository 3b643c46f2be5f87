"""An encoder and a decoder that reverses a sequence: two modules, teacher forcing, padding ignored by the loss."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

PAD, START, VOCAB, LENGTH = 0, 1, 14, 6


class Encoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, width, padding_idx=PAD)
        self.gru = nn.GRU(width, width, batch_first=True)

    def forward(self, source):
        return self.gru(self.embedding(source))[1]


class Decoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(VOCAB, width, padding_idx=PAD)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.out = nn.Linear(width, VOCAB)

    def forward(self, target, hidden):
        output, _ = self.gru(self.embedding(target), hidden)
        return self.out(output)


def make_pairs(samples):
    lengths = torch.randint(3, LENGTH + 1, (samples, 1))
    places = torch.arange(LENGTH)
    source = torch.where(places < lengths, torch.randint(2, VOCAB, (samples, LENGTH)), PAD)
    reversed_places = (lengths - 1 - places).clamp(min=0)
    target = torch.where(places < lengths, source.gather(1, reversed_places), PAD)
    return TensorDataset(source, target)


def sequence_loss(encoder, decoder, source, target, criterion):
    shifted = torch.cat([torch.full((len(target), 1), START), target[:, :-1]], dim=1)
    logits = decoder(shifted, encoder(source))
    return criterion(logits.reshape(-1, VOCAB), target.reshape(-1))


torch.manual_seed(0)
train_loader = DataLoader(make_pairs(512), batch_size=128, shuffle=True)
test_loader = DataLoader(make_pairs(128), batch_size=128)
encoder, decoder = Encoder(48), Decoder(48)
encoder_optimizer = torch.optim.Adam(encoder.parameters(), lr=5e-3)
decoder_optimizer = torch.optim.Adam(decoder.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss(ignore_index=PAD)

for epoch in range(12):
    encoder.train()
    decoder.train()
    for source, target in train_loader:
        encoder_optimizer.zero_grad()
        decoder_optimizer.zero_grad()
        loss = sequence_loss(encoder, decoder, source, target, criterion)
        loss.backward()
        encoder_optimizer.step()
        decoder_optimizer.step()

    encoder.eval()
    decoder.eval()
    with torch.no_grad():
        for source, target in test_loader:
            test_loss = sequence_loss(encoder, decoder, source, target, criterion)
    print(f"epoch {epoch} loss {test_loss.item():.4f}")
