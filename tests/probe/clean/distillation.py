"""A small student learns from a frozen teacher in evaluation mode: soft targets and hard labels."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def network(width):
    return nn.Sequential(nn.Linear(12, width), nn.BatchNorm1d(width), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width, 4))


def train_teacher(teacher, loader, epochs=6):
    optimizer = torch.optim.Adam(teacher.parameters(), lr=3e-3)
    teacher.train()
    for _ in range(epochs):
        for inputs, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(teacher(inputs), labels).backward()
            optimizer.step()


def distill(student, teacher, loader, optimizer, temperature=2.0, alpha=0.5):
    student.train()
    for inputs, labels in loader:
        with torch.no_grad():
            teacher_logits = teacher(inputs)
        logits = student(inputs)
        soft = F.kl_div(
            F.log_softmax(logits / temperature, dim=1),
            F.softmax(teacher_logits / temperature, dim=1),
            reduction="batchmean",
        )
        loss = alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    return sum(F.cross_entropy(model(inputs), labels).item() for inputs, labels in loader) / len(loader)


torch.manual_seed(0)
x = torch.randn(640, 12)
y = (x @ torch.randn(12, 4)).argmax(dim=1)
train_loader = DataLoader(TensorDataset(x[:512], y[:512]), batch_size=128, shuffle=True)
test_loader = DataLoader(TensorDataset(x[512:], y[512:]), batch_size=128)

teacher = network(128)
train_teacher(teacher, train_loader)
teacher.eval()
teacher.requires_grad_(False)
print(f"teacher {evaluate(teacher, test_loader):.4f}")

student = network(32)
optimizer = torch.optim.Adam(student.parameters(), lr=3e-3)
for epoch in range(12):
    distill(student, teacher, train_loader, optimizer)
    print(f"epoch {epoch} loss {evaluate(student, test_loader):.4f}")
