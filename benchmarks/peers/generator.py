"""T2UE's generator (SSA-GAN's) on nn.Modules. Names are t2ue's."""
import torch
import torch.nn as nn
import torch.nn.functional as F

T2UE = dict(condition=512, width=64, multipliers=(8, 8, 8, 8, 4, 2, 1), hidden=256, mask_hidden=100, latent=100)
TINY = dict(condition=32, width=4, multipliers=(2, 2, 2, 1), hidden=8, mask_hidden=8, latent=100)


class Sscbn(nn.Module):
    def __init__(self, c, channels):
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.gamma, self.beta = (nn.Sequential(nn.Linear(c["condition"], c["hidden"]), nn.ReLU(),
                                               nn.Linear(c["hidden"], channels)) for _ in range(2))

    def forward(self, x, caption, mask):
        gamma, beta = self.gamma(caption)[:, :, None, None], self.beta(caption)[:, :, None, None]
        normal = F.batch_norm(x, self.running_mean, self.running_var, training=self.training)
        return F.relu((1 + mask * gamma) * normal + mask * beta)


class MaskHead(nn.Module):
    def __init__(self, channels, hidden):
        super().__init__()
        self.conv1, self.bn = nn.Conv2d(channels, hidden, 3, 1, 1), nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, 1, 1)

    def forward(self, x):
        return self.conv2(F.relu(self.bn(self.conv1(x))))


class SsaBlock(nn.Module):
    def __init__(self, c, inside, out, last, early):
        super().__init__()
        self.early = early
        self.norm1, self.norm2 = Sscbn(c, inside), Sscbn(c, out)
        self.conv1, self.conv2 = nn.Conv2d(inside, out, 3, 1, 1), nn.Conv2d(out, out, 3, 1, 1)
        self.gain = nn.Parameter(torch.zeros(1))
        self.shortcut = nn.Conv2d(inside, out, 1) if inside != out else nn.Identity()
        self.mask_head = None if last else MaskHead(out, c["mask_hidden"])

    def forward(self, x, caption, mask, up):
        large = F.interpolate(x, scale_factor=2, mode="nearest") if up else x
        inner = self.conv1(self.norm1(large, caption, mask))
        inner = self.conv2(self.norm2(inner, caption, mask))
        if not self.early:
            return self.shortcut(large) + self.gain * inner
        short = self.shortcut(x)
        return (F.interpolate(short, scale_factor=2, mode="nearest") if up else short) + self.gain * inner


class Generator(nn.Module):
    """`early`: the 1x1 shortcut before the upsampling, which is exact, and what t2ue does."""

    def __init__(self, c, early=False):
        super().__init__()
        channels = [m * c["width"] for m in c["multipliers"]]
        self.channels = channels[0]
        self.fc = nn.Linear(c["latent"], 16 * channels[0])
        self.mask_head = MaskHead(channels[0], c["mask_hidden"])
        self.blocks = nn.ModuleList(SsaBlock(c, channels[max(i - 1, 0)], out, i + 1 == len(channels), early)
                                    for i, out in enumerate(channels))
        self.rgb_norm, self.rgb_conv = nn.BatchNorm2d(channels[-1]), nn.Conv2d(channels[-1], 3, 3, 1, 1)

    def forward(self, caption, latent):
        x = self.fc(latent).reshape(-1, 4, 4, self.channels).permute(0, 3, 1, 2)
        x = x.contiguous(memory_format=torch.channels_last)
        logits = self.mask_head(x)
        for i, block in enumerate(self.blocks):
            if i > 0:
                logits = F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=True)
            x = block(x, caption, torch.sigmoid(logits), i > 0)
            if block.mask_head is not None:
                logits = block.mask_head(x)
        return torch.tanh(self.rgb_conv(F.leaky_relu(self.rgb_norm(x), 0.2)).float()) * (8 / 255)
