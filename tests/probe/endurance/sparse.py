"""Sparse gradients, bags of embeddings, frozen and padded tables, an optimiser for sparse gradients only."""

import torch
from tell import tell
from torch import nn

torch.manual_seed(0)
table, bag = nn.Embedding(50, 8, sparse=True, padding_idx=0), nn.EmbeddingBag(50, 8, sparse=True, mode="mean")
head = nn.Linear(8, 3)
for_tables = torch.optim.SparseAdam([*table.parameters(), *bag.parameters()], lr=1e-2)
for_head = torch.optim.SGD([*head.parameters()], lr=0.1)
for _step in range(6):
    for_tables.zero_grad()
    for_head.zero_grad()
    tokens = torch.randint(50, (4, 5))
    loss = nn.functional.cross_entropy(head(table(tokens).mean(1) + bag(tokens)), tokens[:, 0] % 3)
    loss.backward()
    for_tables.step()
    for_head.step()
    print(repr(loss.item()))
tell(table=table, bag=bag, head=head)
