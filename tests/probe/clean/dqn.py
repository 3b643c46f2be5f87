"""Deep Q-learning with a replay memory and a target network that follows slowly."""

import copy
import random
from collections import deque

import torch
from torch import nn

GAMMA, TAU, BATCH = 0.95, 0.05, 64


class Walk:
    """A noisy point on a line; actions push it left, right or not at all, the reward is its closeness to zero."""

    def reset(self):
        self.state = torch.empty(2).uniform_(-1.5, 1.5)
        self.time = 0
        return self.state

    def step(self, action):
        position, speed = self.state
        speed = 0.8 * speed + 0.3 * (action - 1)
        self.state = torch.stack([(position + 0.3 * speed).clamp(-3, 3), speed])
        self.time += 1
        return self.state, -abs(self.state[0].item()), self.time >= 20


class Agent:
    def __init__(self):
        self.online = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
        self.target = copy.deepcopy(self.online).requires_grad_(False)
        self.optimizer = torch.optim.AdamW(self.online.parameters(), lr=1e-3)
        self.memory = deque(maxlen=4000)

    def act(self, state, epsilon):
        if random.random() < epsilon:
            return random.randrange(3)
        with torch.no_grad():
            return self.online(state.unsqueeze(0)).argmax().item()

    def learn(self):
        states, actions, rewards, followers = zip(*random.sample(self.memory, BATCH))
        values = self.online(torch.stack(states)).gather(1, torch.tensor(actions).unsqueeze(1)).squeeze(1)
        with torch.no_grad():
            best = self.target(torch.stack(followers)).max(dim=1).values
        loss = nn.functional.smooth_l1_loss(values, torch.tensor(rewards) + GAMMA * best)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(self.online.parameters(), 100)
        self.optimizer.step()
        for slow, fast in zip(self.target.parameters(), self.online.parameters()):
            slow.data.lerp_(fast.data, TAU)


random.seed(0)
torch.manual_seed(0)
environment, agent = Walk(), Agent()
for episode in range(50):
    state, done, score = environment.reset(), False, 0.0
    while not done:
        action = agent.act(state, epsilon=max(0.05, 1 - episode / 25))
        follower, reward, done = environment.step(action)
        agent.memory.append((state, action, reward, follower))
        state, score = follower, score + reward
        if len(agent.memory) >= 256:
            agent.learn()
    print(f"episode {episode} return {score:.3f}")
