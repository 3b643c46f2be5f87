"""A language model on nn.TransformerEncoder; the embedding is used again as a matrix for the output."""

import torch
import torch.nn.functional as F
from torch import nn

VOCAB, LENGTH, WIDTH = 40, 12, 64


class CausalLM(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, WIDTH)
        self.place = nn.Embedding(LENGTH, WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 4, 128, dropout=0.0, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False)
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.place.weight, std=0.02)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.size(1))
        x = self.embed(x) + self.place(torch.arange(x.size(1)))
        x = self.encoder(x, mask=mask, is_causal=True)
        return F.linear(x, self.embed.weight)


class Runner:
    def __init__(self, tokens):
        self.tokens = tokens
        self.model = CausalLM()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)

    def batch(self, size=48):
        rows = torch.randint(len(self.tokens), (size,))
        return self.tokens[rows, :-1], self.tokens[rows, 1:]

    def step(self):
        inputs, targets = self.batch()
        logits = self.model(inputs)
        loss = F.cross_entropy(logits.transpose(1, 2), targets)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


torch.manual_seed(0)
tokens = torch.tensor([1, 1, 2, 5]).repeat(2048)[torch.randperm(8192)].cumsum(0) % VOCAB
runner = Runner(tokens.unfold(0, LENGTH + 1, LENGTH))
for number in range(16):
    print(f"step {number} loss {runner.step():.4f}")
