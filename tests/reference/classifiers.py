"""torchvision's own classifiers, small or with the stem that small pictures need, with parameters in t2ue's layout."""
from functools import partial
from importlib import import_module

from torch import nn
from torch.nn.utils.stateless import functional_call
from torchvision.models.densenet import DenseNet
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.models.vgg import VGG, make_layers
from torchvision.models.vision_transformer import VisionTransformer

googlenet = import_module("torchvision.models.googlenet")  # the package gives that name to a function


def parameter(p, name, shape):
    """The parameter `name` of torchvision's `shape`, from the one that t2ue lays out as [K,R,S,C], or without
    dimensions of one."""
    if len(shape) == 4:
        out, channels, height, width = shape
        return p(name, out, height, width, channels).permute(0, 3, 1, 2)
    if name in ("class_token", "encoder.pos_embedding"):
        return p(name, *(extent for extent in shape if extent > 1)).reshape(shape)
    return p(name, *shape)


def forward(network, read=parameter):
    """A forward of formula.Parameters and inputs, as make.py's cases are."""
    network = network.double()

    def run(p, inputs):
        network.train(p.training)
        tensors = {name: read(p, name, tuple(value.shape)) for name, value in network.named_parameters()}
        tensors |= {name: p.buffer(name, *value.shape) for name, value in network.named_buffers()
                    if not name.endswith("num_batches_tracked")}
        return functional_call(network, tensors, inputs["input.pixels"].permute(0, 3, 1, 2))
    return run


def resnet(imagenet):
    network = ResNet(Bottleneck, [2, 1, 1, 1], num_classes=5)
    if not imagenet:
        network.conv1, network.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    return forward(network)


def vgg():
    """Small pictures: the last layer reads the map's average."""
    network = VGG(make_layers([6, "M", 8, 8, "M"], batch_norm=True), init_weights=False)
    network.avgpool, network.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)
    return forward(network)


def vgg_hidden():
    """Without norms and dropout. t2ue reads the last map place by place, torchvision channel by channel."""
    network = VGG(make_layers([6, 6, "M", 8, "M"]), init_weights=False)
    network.avgpool = nn.Identity()
    network.classifier = nn.Sequential(nn.Linear(8 * 2 * 2, 10), nn.ReLU(), nn.Identity(), nn.Linear(10, 10),
                                       nn.ReLU(), nn.Identity(), nn.Linear(10, 5))

    def read(p, name, shape):
        if name != "classifier.0.weight":
            return parameter(p, name, shape)
        return p(name, *shape).reshape(10, 2, 2, 8).permute(0, 3, 1, 2).reshape(shape)
    return forward(network, read)


def eighth_googlenet(imagenet):
    """All channels but the picture's divided by 8."""
    def conv(channels, out, **rest):
        return googlenet.BasicConv2d(channels if channels == 3 else channels // 8, out // 8, **rest)

    network = googlenet.GoogLeNet(5, aux_logits=False, init_weights=False, dropout=0.0,
                                  blocks=[conv, partial(googlenet.Inception, conv_block=conv), None])
    network.fc = nn.Linear(1024 // 8, 5)
    if not imagenet:
        network.conv1 = conv(3, 192, kernel_size=3, padding=1)
        network.maxpool1 = network.conv2 = network.conv3 = network.maxpool2 = nn.Identity()
    return forward(network)


def densenet(imagenet):
    network = DenseNet(growth_rate=4, block_config=(2, 1, 2), num_init_features=8, num_classes=5)
    if not imagenet:
        network.features.conv0, network.features.pool0 = nn.Conv2d(3, 8, 3, 1, 1, bias=False), nn.Identity()
    return forward(network)


def vit():
    return forward(VisionTransformer(12, 4, num_layers=2, num_heads=4, hidden_dim=16, mlp_dim=64, num_classes=5))


# Each with the side of its pictures: sizes at which PyTorch's own fp32 strays least.
cases = {
    "classifier_resnet": lambda: (resnet(False), 9),
    "classifier_resnet_imagenet": lambda: (resnet(True), 34),
    "classifier_vgg": lambda: (vgg(), 9),
    "classifier_vgg_hidden": lambda: (vgg_hidden(), 8),
    "classifier_googlenet": lambda: (eighth_googlenet(False), 13),
    "classifier_googlenet_imagenet": lambda: (eighth_googlenet(True), 79),
    "classifier_densenet": lambda: (densenet(False), 9),
    "classifier_densenet_imagenet": lambda: (densenet(True), 45),
    "classifier_vit": lambda: (vit(), 12),
}
