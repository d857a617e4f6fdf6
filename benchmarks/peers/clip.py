"""CLIP with a ViT or ModifiedResNet tower, as open_clip has it, on nn.Modules with fused attention. Names are t2ue's."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from layers import attend

VIT_B_32 = dict(image=224, patch=32, width=768, layers=12, heads=12, text_width=512, text_layers=12, text_heads=8, tokens=77,
                vocab=49408, embed=512)
RN50 = dict(VIT_B_32, patch=None, width=64, layers=(3, 4, 6, 3), heads=32, embed=1024)
TINY_VIT = dict(image=16, patch=8, width=32, layers=2, heads=2, text_width=32, text_layers=2, text_heads=2, tokens=8,
                vocab=64, embed=32)
TINY_RN50 = dict(TINY_VIT, image=32, patch=None, width=8, layers=(1, 1, 1, 1), heads=2)


class Attention(nn.Module):
    def __init__(self, width, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * width ** -0.5)
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        n, t, c = x.shape
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        return self.out_proj(attend(q, k, v, self.causal).transpose(1, 2).reshape(n, t, c))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, width, heads, causal):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width), Attention(width, heads, causal)
        self.ln_2, self.mlp = nn.LayerNorm(width), Mlp(width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width, layers, heads, causal):
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width, heads, causal) for _ in range(layers))

    def forward(self, x):
        for block in self.resblocks:
            x = block(x)
        return x


class VisionTransformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, patches = c["width"], (c["image"] // c["patch"]) ** 2
        self.conv1 = nn.Conv2d(3, width, c["patch"], c["patch"], bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width) * width ** -0.5)
        self.positional_embedding = nn.Parameter(torch.randn(patches + 1, width) * width ** -0.5)
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.transformer = Transformer(width, c["layers"], c["heads"], False)
        self.proj = nn.Parameter(torch.randn(c["embed"], width) * width ** -0.5)

    def forward(self, pixels):
        x = self.conv1(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_embedding.to(x.dtype).expand(len(x), 1, -1), x], 1) + self.positional_embedding
        return F.linear(self.ln_post(self.transformer(self.ln_pre(x))[:, 0]), self.proj)


class Bottleneck(nn.Module):
    def __init__(self, inside, planes, stride):
        super().__init__()
        self.stride, out = stride, 4 * planes
        self.conv1, self.bn1 = nn.Conv2d(inside, planes, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = nn.Conv2d(planes, out, 1, bias=False), nn.BatchNorm2d(out)
        changes = stride > 1 or inside != out
        self.downsample = nn.Sequential(nn.Conv2d(inside, out, 1, bias=False), nn.BatchNorm2d(out)) if changes else None

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        if self.stride > 1:
            y, x = F.avg_pool2d(y, self.stride), F.avg_pool2d(x, self.stride)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (self.downsample(x) if self.downsample is not None else x))


class AttentionPool(nn.Module):
    def __init__(self, places, width, heads, embed):
        super().__init__()
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.randn(places + 1, width) * width ** -0.5)
        self.qkv_proj, self.c_proj = nn.Linear(width, 3 * width), nn.Linear(width, embed)

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.positional_embedding
        n, t, c = x.shape
        q, k, v = self.qkv_proj(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        return self.c_proj(attend(q[:, :, :1], k, v).reshape(n, c))


class ModifiedResNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        width = c["width"]
        self.conv1, self.bn1 = nn.Conv2d(3, width // 2, 3, 2, 1, bias=False), nn.BatchNorm2d(width // 2)
        self.conv2, self.bn2 = nn.Conv2d(width // 2, width // 2, 3, 1, 1, bias=False), nn.BatchNorm2d(width // 2)
        self.conv3, self.bn3 = nn.Conv2d(width // 2, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        inside = width
        for stage, count in enumerate(c["layers"]):
            blocks = []
            for i in range(count):
                blocks.append(Bottleneck(inside, width << stage, 2 if i == 0 and stage > 0 else 1))
                inside = 4 * (width << stage)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.attnpool = AttentionPool((c["image"] // 32) ** 2, inside, c["heads"], c["embed"])

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = F.avg_pool2d(F.relu(self.bn3(self.conv3(x))), 2)
        return self.attnpool(self.layer4(self.layer3(self.layer2(self.layer1(x)))))


class Clip(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.visual = VisionTransformer(c) if c["patch"] else ModifiedResNet(c)
        width = c["text_width"]
        self.token_embedding = nn.Embedding(c["vocab"], width)
        self.positional_embedding = nn.Parameter(torch.randn(c["tokens"], width) * 0.01)
        self.transformer = Transformer(width, c["text_layers"], c["text_heads"], True)
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(c["embed"], width) * width ** -0.5)
        self.logit_scale = nn.Parameter(torch.tensor(2.6592600))

    def text(self, ids, end):
        x = self.transformer(self.token_embedding(ids) + self.positional_embedding)
        x = self.ln_final(x[torch.arange(len(ids), device=ids.device), end])
        return F.linear(x, self.text_projection)

    def loss(self, pixels, ids, end):
        image = F.normalize(self.visual(pixels).float(), dim=1)
        text = F.normalize(self.text(ids, end).float(), dim=1)
        logits = self.logit_scale.exp() * image @ text.t()
        target = torch.arange(len(logits), device=logits.device)
        return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2
