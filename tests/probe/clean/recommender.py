"""Matrix factorisation: embedding tables with sparse gradients, their own optimiser beside that of the biases."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Factorization(nn.Module):
    def __init__(self, users, items, factors=8):
        super().__init__()
        self.users = nn.Embedding(users, factors, sparse=True)
        self.items = nn.Embedding(items, factors, sparse=True)
        self.bias = nn.Linear(2 * factors, 1)
        for table in (self.users, self.items):
            nn.init.normal_(table.weight, std=0.3)

    def forward(self, user, item):
        u, v = self.users(user), self.items(item)
        return (u * v).sum(dim=1) + self.bias(torch.cat([u, v], dim=1)).squeeze(1)


def main():
    torch.manual_seed(0)
    taste, quality = torch.randn(40, 2), torch.randn(60, 2)
    user, item = torch.randint(40, (2560,)), torch.randint(60, (2560,))
    rating = (taste[user] * quality[item]).sum(dim=1)
    rating = (rating - rating.mean()) / rating.std()
    train_set = TensorDataset(user[:2048], item[:2048], rating[:2048])
    test_set = TensorDataset(user[2048:], item[2048:], rating[2048:])
    train_loader = DataLoader(train_set, batch_size=128, shuffle=True)
    test_loader = DataLoader(test_set, batch_size=256)

    model = Factorization(40, 60)
    tables = [model.users.weight, model.items.weight]
    optimizers = [torch.optim.SparseAdam(tables, lr=1e-2), torch.optim.Adam(model.bias.parameters(), lr=1e-3)]
    criterion = nn.MSELoss()
    for epoch in range(12):
        for users, items, ratings in train_loader:
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss = criterion(model(users, items), ratings)
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
        with torch.no_grad():
            errors = [criterion(model(users, items), ratings).item() for users, items, ratings in test_loader]
        print(f"epoch {epoch} loss {sum(errors) / len(errors):.4f}")


if __name__ == "__main__":
    main()
