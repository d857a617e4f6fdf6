// Classifiers, by name and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/models/classifiers/classifier.hpp>

namespace t2ue {

/// Built-in classifiers.
///
/// For 32x32 pictures, with a 3x3 stem of stride 1 and no pooling behind it:
///   resnet18, resnet34, resnet50, resnet101  in their usual widths;
///   resnet8, resnet20      in those that He et al. (2016) gave CIFAR-10 (16, 32, 64; their shortcuts pad
///   with
///                          zeros, these are 1x1 convolutions);
///   vgg11, vgg13           with batch norm and one linear layer;
///   googlenet, densenet121;
///   vit-small              patches of 4, 12 blocks of width 384, 6 heads (DeiT-S's).
/// For 224x224 pictures, as in torchvision: resnet18-, resnet34-, resnet50-, resnet101-, vgg11-, vgg11-bn-,
/// vgg13-, vgg13-bn-, googlenet- and densenet121-imagenet; vit-b-16 and vit-b-32.
std::vector<std::string> classifier_config_names();

/// A built-in classifier by name, or one read from a path that ends in .json: an object with "image_size",
/// "architecture" and the members of that architecture's configuration:
///   "resnet" (the default): "widths", "blocks", "stem_stride", "feature_norm", "bottleneck", "stem_size",
///                           "stem_pool";
///   "vgg":       "widths", "convolutions", "batch_norm", "hidden";
///   "googlenet": "imagenet_stem", "divide";
///   "densenet":  "growth", "blocks", "stem_width", "imagenet_stem";
///   "vit":       "patch_size", "width", "layers", "heads".
/// How many outputs it has, the data decide. Error for an unknown name, key or a value out of range.
ClassifierConfig classifier_config(const std::string& name_or_path);
ClassifierConfig classifier_config_from_json(const nlohmann::json& json, const std::string& name);
nlohmann::json to_json(const ClassifierConfig& config);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/classifiers/configs.inl.hpp>
#endif
