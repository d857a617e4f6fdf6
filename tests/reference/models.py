"""The models of t2ue, written again on PyTorch's own operators (torch.nn.functional), in float64.

`p` is formula.Parameters; pictures are [N,C,H,W] as PyTorch has them, parameters come in t2ue's layout:
convolutions [K,R,S,C], text_projection and visual.proj transposed to open_clip's.
"""
import torch
import torch.nn.functional as F


def linear(p, name, x, out):
    return F.linear(x, p(name + ".weight", out, x.shape[-1]), p(name + ".bias", out))


def conv(p, name, x, out, size, stride=1, pad=0, bias=False):
    weight = p(name + ".weight", out, size, size, x.shape[1]).permute(0, 3, 1, 2)
    return F.conv2d(x, weight, p(name + ".bias", out) if bias else None, stride, pad)


def batch_norm(p, name, x, affine=True):
    c = x.shape[1]
    return F.batch_norm(x, p.buffer(name + ".running_mean", c), p.buffer(name + ".running_var", c),
                        p(name + ".weight", c) if affine else None, p(name + ".bias", c) if affine else None,
                        p.training, 0.1, 1e-5)


def layer_norm(p, name, x):
    c = x.shape[-1]
    return F.layer_norm(x, (c,), p(name + ".weight", c), p(name + ".bias", c), 1e-5)


# ---- transformers -----------------------------------------------------------------------------------------
def attention(p, name, x, heads, causal):
    """x [N,T,C], packed as in torch.nn.MultiheadAttention."""
    t, c = x.shape[1:]
    mask = torch.full((t, t), float("-inf"), dtype=x.dtype).triu(1) if causal else None
    y = x.transpose(0, 1)
    out, _ = F.multi_head_attention_forward(
        y, y, y, c, heads, p(name + ".in_proj_weight", 3 * c, c), p(name + ".in_proj_bias", 3 * c), None, None,
        False, 0.0, p(name + ".out_proj.weight", c, c), p(name + ".out_proj.bias", c), need_weights=False,
        attn_mask=mask)
    return out.transpose(0, 1)


def transformer(p, name, x, layers, heads, quick_gelu, causal):
    c = x.shape[-1]
    for i in range(layers):
        block = f"{name}.resblocks.{i}"
        x = x + attention(p, block + ".attn", layer_norm(p, block + ".ln_1", x), heads, causal)
        inner = linear(p, block + ".mlp.c_fc", layer_norm(p, block + ".ln_2", x), 4 * c)
        inner = inner * torch.sigmoid(1.702 * inner) if quick_gelu else F.gelu(inner)
        x = x + linear(p, block + ".mlp.c_proj", inner, c)
    return x


def text_tower(p, ids, end, vocab, width, layers, heads, embed, quick_gelu=False):
    x = F.embedding(ids, p("token_embedding.weight", vocab, width))
    x = x + p("positional_embedding", ids.shape[1], width)
    x = transformer(p, "transformer", x, layers, heads, quick_gelu, True)
    x = layer_norm(p, "ln_final", x)[torch.arange(len(ids)), end]
    return x @ p("text_projection", embed, width).t()


def vision_transformer(p, x, patch, width, layers, heads, embed, quick_gelu, prefix=""):
    x = conv(p, prefix + "conv1", x, width, patch, patch).flatten(2).transpose(1, 2)
    token = p(prefix + "class_embedding", width).expand(len(x), 1, width)
    x = torch.cat([token, x], 1)
    x = layer_norm(p, prefix + "ln_pre", x + p(prefix + "positional_embedding", x.shape[1], width))
    x = transformer(p, prefix + "transformer", x, layers, heads, quick_gelu, False)
    return layer_norm(p, prefix + "ln_post", x[:, 0]) @ p(prefix + "proj", embed, width).t()


# ---- residual networks ------------------------------------------------------------------------------------
def modified_resnet(p, x, width, layers, heads, embed):
    for i, (out, stride) in enumerate([(width // 2, 2), (width // 2, 1), (width, 1)], 1):
        x = F.relu(batch_norm(p, f"bn{i}", conv(p, f"conv{i}", x, out, 3, stride, 1)))
    x = F.avg_pool2d(x, 2)
    for stage, blocks in enumerate(layers):
        for i in range(blocks):
            stride = 2 if i == 0 and stage > 0 else 1
            x = bottleneck(p, f"layer{stage + 1}.{i}", x, width << stage, stride)
    n, c, height, across = x.shape
    x = x.flatten(2).permute(2, 0, 1)
    x = torch.cat([x.mean(0, keepdim=True), x])
    x = x + p("attnpool.positional_embedding", len(x), c)[:, None]
    weight, bias = p("attnpool.qkv_proj.weight", 3 * c, c), p("attnpool.qkv_proj.bias", 3 * c)
    out, _ = F.multi_head_attention_forward(
        x[:1], x, x, c, heads, weight, bias, None, None, False, 0.0, p("attnpool.c_proj.weight", embed, c),
        p("attnpool.c_proj.bias", embed), need_weights=False)
    return out[0]


def bottleneck(p, name, x, planes, stride):
    inner = F.relu(batch_norm(p, name + ".bn1", conv(p, name + ".conv1", x, planes, 1)))
    inner = F.relu(batch_norm(p, name + ".bn2", conv(p, name + ".conv2", inner, planes, 3, 1, 1)))
    if stride > 1:
        inner = F.avg_pool2d(inner, stride)
    inner = batch_norm(p, name + ".bn3", conv(p, name + ".conv3", inner, 4 * planes, 1))
    if stride > 1 or x.shape[1] != 4 * planes:
        x = F.avg_pool2d(x, stride) if stride > 1 else x
        x = batch_norm(p, name + ".downsample.1", conv(p, name + ".downsample.0", x, 4 * planes, 1))
    return F.relu(inner + x)


def resnet(p, x, widths, blocks, outputs, prefix="", stem_stride=1, feature_norm=False):
    x = F.relu(batch_norm(p, prefix + "bn1", conv(p, prefix + "conv1", x, widths[0], 3, stem_stride, 1)))
    for stage, (out, count) in enumerate(zip(widths, blocks)):
        for i in range(count):
            name, stride = f"{prefix}layer{stage + 1}.{i}", 2 if i == 0 and stage > 0 else 1
            inner = F.relu(batch_norm(p, name + ".bn1", conv(p, name + ".conv1", x, out, 3, stride, 1)))
            inner = batch_norm(p, name + ".bn2", conv(p, name + ".conv2", inner, out, 3, 1, 1))
            if stride > 1 or x.shape[1] != out:
                x = batch_norm(p, name + ".downsample.1", conv(p, name + ".downsample.0", x, out, 1, stride))
            x = F.relu(inner + x)
    x = x.mean((2, 3))
    if feature_norm:
        x = batch_norm(p, prefix + "feature_norm", x)
    return linear(p, prefix + "fc", x, outputs)


# ---- losses -----------------------------------------------------------------------------------------------
def info_nce(p, image, text):
    logits = p("logit_scale", 1).exp() * F.normalize(image, dim=1) @ F.normalize(text, dim=1).t()
    target = torch.arange(len(logits))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.t(), target)) / 2


# ---- the generator ----------------------------------------------------------------------------------------
def sscbn_relu(p, name, x, caption, mask, hidden):
    def modulation(which):
        inner = F.relu(linear(p, f"{name}.{which}.0", caption, hidden))
        return linear(p, f"{name}.{which}.2", inner, x.shape[1])[:, :, None, None]

    normed = batch_norm(p, name, x, affine=False)
    return F.relu((1 + mask * modulation("gamma")) * normed + mask * modulation("beta"))


def mask_head(p, name, x, hidden):
    inner = conv(p, name + ".conv1", x, hidden, 3, 1, 1, bias=True)
    return conv(p, name + ".conv2", F.relu(batch_norm(p, name + ".bn", inner)), 1, 1, bias=True)


def generator(p, caption, latent, width, multipliers, hidden, mask_hidden, standardise):
    """What the network gives before its tanh, [N,3,S,S]."""
    if standardise:
        c = caption.shape[1]
        mean, var = p.buffer("condition_mean", c), p.buffer("condition_var", c)
        caption = (caption - mean) / torch.sqrt(var + 1e-5)
    channels = multipliers[0] * width
    # t2ue reshapes to [N,4,4,C].
    x = linear(p, "fc", latent, 16 * channels).reshape(-1, 4, 4, channels).permute(0, 3, 1, 2)
    mask = torch.sigmoid(mask_head(p, "mask_head", x, mask_hidden))
    for i, multiplier in enumerate(multipliers):
        name, out = f"blocks.{i}", multiplier * width
        if i > 0:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            mask = torch.sigmoid(F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=True))
        inner = sscbn_relu(p, name + ".norm1", x, caption, mask, hidden)
        inner = conv(p, name + ".conv1", inner, out, 3, 1, 1, bias=True)
        inner = sscbn_relu(p, name + ".norm2", inner, caption, mask, hidden)
        inner = conv(p, name + ".conv2", inner, out, 3, 1, 1, bias=True)
        shortcut = x if x.shape[1] == out else conv(p, name + ".shortcut", x, out, 1, bias=True)
        x = shortcut + p(name + ".gain", 1) * inner
        if i + 1 < len(multipliers):
            logits = mask_head(p, name + ".mask_head", x, mask_hidden)
    x = F.leaky_relu(batch_norm(p, "rgb_norm", x), 0.2)
    return conv(p, "rgb_conv", x, 3, 3, 1, 1, bias=True)
