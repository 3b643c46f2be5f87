"""A Trainer class around an LSTM that classifies token sequences of unequal length."""

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader

PAD = 0


class LSTMClassifier(nn.Module):
    def __init__(self, vocab_size, embed_dim, hidden_dim, classes):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=PAD)
        self.lstm = nn.LSTM(embed_dim, hidden_dim, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(2 * hidden_dim, classes)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        _, (hidden, _) = self.lstm(packed)
        return self.fc(self.dropout(torch.cat([hidden[-2], hidden[-1]], dim=1)))


def make_sentences(count):
    """Sentences with more low than high words are of class 1."""
    sentences = [torch.randint(1, 40, (int(length),)) for length in torch.randint(5, 15, (count,))]
    return [(sentence, int((sentence < 20).sum() * 2 > len(sentence))) for sentence in sentences]


def collate(batch):
    sentences, labels = zip(*batch)
    lengths = torch.tensor([len(sentence) for sentence in sentences])
    return pad_sequence(sentences, batch_first=True, padding_value=PAD), lengths, torch.tensor(labels)


class Trainer:
    def __init__(self, model, train_set, val_set, lr=3e-3, batch_size=64):
        self.model = model
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, collate_fn=collate)
        self.val_loader = DataLoader(val_set, batch_size=batch_size, collate_fn=collate)

    def train_one_epoch(self):
        self.model.train()
        for tokens, lengths, labels in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(tokens, lengths), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), max_norm=1.0)
            self.optimizer.step()

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        losses = [self.criterion(self.model(tokens, lengths), labels) for tokens, lengths, labels in self.val_loader]
        return torch.stack(losses).mean().item()

    def fit(self, epochs):
        for epoch in range(epochs):
            self.train_one_epoch()
            print(f"epoch {epoch} loss {self.validate():.4f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    trainer = Trainer(LSTMClassifier(40, 16, 32, 2), make_sentences(256), make_sentences(64))
    trainer.fit(epochs=6)
