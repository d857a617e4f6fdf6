"""A ResNet for CIFAR's pictures: a 3x3 stem without pooling. Names are torchvision's and t2ue's."""
import torch.nn as nn
import torch.nn.functional as F

RESNET18 = dict(widths=(64, 128, 256, 512), blocks=(2, 2, 2, 2), outputs=10)
TINY = dict(widths=(8, 16), blocks=(1, 1), outputs=10)


class Block(nn.Module):
    def __init__(self, inside, out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inside, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        changes = stride > 1 or inside != out
        self.downsample = nn.Sequential(nn.Conv2d(inside, out, 1, stride, bias=False), nn.BatchNorm2d(out)) if changes else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.downsample(x) if self.downsample is not None else x))


class ResNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        inside = c["widths"][0]
        self.conv1, self.bn1 = nn.Conv2d(3, inside, 3, 1, 1, bias=False), nn.BatchNorm2d(inside)
        self.stages = len(c["widths"])
        for stage, (out, count) in enumerate(zip(c["widths"], c["blocks"])):
            blocks = []
            for i in range(count):
                blocks.append(Block(inside, out, 2 if i == 0 and stage > 0 else 1))
                inside = out
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inside, c["outputs"])

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))
