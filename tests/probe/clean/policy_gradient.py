"""REINFORCE with a learned baseline on a corridor: walk to the right end before time runs out."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Categorical

LENGTH, HORIZON, GAMMA = 8, 20, 0.97


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(LENGTH, 64)
        self.actor = nn.Linear(64, 2)
        self.critic = nn.Linear(64, 1)

    def forward(self, state):
        hidden = F.relu(self.body(state))
        return Categorical(logits=self.actor(hidden)), self.critic(hidden).squeeze(-1)


def rollout(policy, episodes=16):
    """Play episodes side by side; returns log-probabilities, values, rewards and a mask of live steps."""
    position = torch.randint(0, LENGTH // 2, (episodes,))
    alive = torch.ones(episodes)
    steps = []
    for _ in range(HORIZON):
        distribution, value = policy(F.one_hot(position, LENGTH).float())
        action = distribution.sample()
        position = (position + 2 * action - 1).clamp(0, LENGTH - 1)
        done = (position == LENGTH - 1).float()
        steps.append((distribution.log_prob(action), value, done - 0.05, alive))
        alive = alive * (1 - done)
    return [torch.stack(column) for column in zip(*steps)]


def returns_of(rewards, alive):
    future, returns = torch.zeros(rewards.size(1)), []
    for reward, live in zip(rewards.flip(0), alive.flip(0)):
        future = live * (reward + GAMMA * future)
        returns.append(future)
    return torch.stack(returns).flip(0)


def main():
    torch.manual_seed(543)
    policy = ActorCritic()
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
    for episode in range(60):
        log_probs, values, rewards, alive = rollout(policy)
        returns = returns_of(rewards, alive)
        advantage = (returns - values.detach()) * alive
        policy_loss = -(log_probs * advantage).sum() / alive.sum()
        value_loss = (F.smooth_l1_loss(values, returns, reduction="none") * alive).sum() / alive.sum()
        optimizer.zero_grad()
        (policy_loss + value_loss).backward()
        optimizer.step()
        if episode % 4 == 3:
            with torch.no_grad():
                _, _, rewards, alive = rollout(policy, episodes=64)
            print(f"episode {episode} return {(rewards * alive).sum(dim=0).mean():.3f}")


if __name__ == "__main__":
    main()
