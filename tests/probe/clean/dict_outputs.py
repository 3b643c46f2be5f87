"""A model in the style of a hub: keyword-only forward, batches as dictionaries, a dataclass with the loss as output."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


@dataclass
class ModelOutput:
    logits: torch.Tensor
    loss: torch.Tensor | None = None


class TextModel(nn.Module):
    def __init__(self, vocab_size=50, width=32, num_labels=3):
        super().__init__()
        self.embeddings = nn.Embedding(vocab_size, width)
        self.attention = nn.MultiheadAttention(width, num_heads=4, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.classifier = nn.Linear(width, num_labels)
        self.loss_fct = nn.CrossEntropyLoss()

    def forward(self, *, input_ids, attention_mask, labels=None):
        x = self.embeddings(input_ids)
        attended, _ = self.attention(x, x, x, key_padding_mask=attention_mask == 0, need_weights=False)
        x = self.norm(x + attended)
        weights = attention_mask.unsqueeze(-1).float()
        logits = self.classifier((x * weights).sum(dim=1) / weights.sum(dim=1))
        return ModelOutput(logits=logits, loss=None if labels is None else self.loss_fct(logits, labels))


class Documents(Dataset):
    def __init__(self, samples, length=10):
        self.labels = torch.randint(3, (samples,))
        topical = self.labels[:, None] * 16 + torch.randint(1, 17, (samples, length))
        common = torch.randint(1, 50, (samples, length))
        self.input_ids = torch.where(torch.rand(samples, length) < 0.5, topical, common)
        self.attention_mask = (torch.arange(length) < torch.randint(5, length + 1, (samples, 1))).long()

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return {
            "input_ids": self.input_ids[index] * self.attention_mask[index],
            "attention_mask": self.attention_mask[index],
            "labels": self.labels[index],
        }


def main():
    torch.manual_seed(0)
    train_dataloader = DataLoader(Documents(256), batch_size=64, shuffle=True)
    eval_dataloader = DataLoader(Documents(64), batch_size=64)
    model = TextModel()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(8):
        model.train()
        for batch in train_dataloader:
            outputs = model(**batch)
            outputs.loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        for batch in eval_dataloader:
            with torch.no_grad():
                outputs = model(**batch)
            print(f"epoch {epoch} loss {outputs.loss.item():.4f}")


if __name__ == "__main__":
    main()
