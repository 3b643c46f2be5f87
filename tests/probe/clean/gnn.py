"""A graph convolution network in plain torch: one graph, full-batch steps, masks for the splits."""

import torch
import torch.nn.functional as F
from torch import nn


class GraphConv(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(in_features, out_features))
        self.bias = nn.Parameter(torch.zeros(out_features))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x, adjacency):
        return adjacency @ (x @ self.weight) + self.bias


class GCN(nn.Module):
    def __init__(self, features, hidden, classes):
        super().__init__()
        self.gc1 = GraphConv(features, hidden)
        self.gc2 = GraphConv(hidden, classes)

    def forward(self, x, adjacency):
        x = F.relu(self.gc1(x, adjacency))
        x = F.dropout(x, 0.5, training=self.training)
        return F.log_softmax(self.gc2(x, adjacency), dim=1)


def make_graph(nodes=300, classes=3):
    labels = torch.randint(classes, (nodes,))
    chance = torch.where(labels[:, None] == labels[None, :], 0.06, 0.01)
    edges = torch.bernoulli(chance).triu(1)
    adjacency = edges + edges.t() + torch.eye(nodes)
    degree = adjacency.sum(dim=1).rsqrt()
    features = F.one_hot(labels, classes).float() @ torch.randn(classes, 16) + torch.randn(nodes, 16)
    features = (features - features.mean(0)) / features.std(0)
    return features, degree[:, None] * adjacency * degree[None, :], labels


torch.manual_seed(0)
features, adjacency, labels = make_graph()
order = torch.randperm(len(labels))
idx_train, idx_val = order[:200], order[200:]
model = GCN(16, 32, 3)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=5e-4)

for epoch in range(60):
    model.train()
    optimizer.zero_grad()
    output = model(features, adjacency)
    loss = F.nll_loss(output[idx_train], labels[idx_train])
    loss.backward()
    optimizer.step()

    if epoch % 4 == 0:
        model.eval()
        with torch.no_grad():
            output = model(features, adjacency)
        accuracy = (output[idx_val].argmax(1) == labels[idx_val]).float().mean()
        print(f"epoch {epoch} loss {F.nll_loss(output[idx_val], labels[idx_val]):.4f} accuracy {accuracy:.3f}")
