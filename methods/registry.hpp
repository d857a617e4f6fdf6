// All methods by name: their cards, their options, and how to make one for a data set.
//
//   MethodFacts facts = method_facts(open_dataset("cifar-10"), 32, 32);
//   const auto source = make_noise_source("ar", {{"seed", 7}}, facts);
//   for (Noise& noise : source->make(items)) ...
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/compute.hpp>
#include <t2ue/core/config.hpp>
#include <t2ue/data/records/dataset_index.hpp>
#include <t2ue/methods/caption_features.hpp>
#include <t2ue/methods/one_pixel.hpp>
#include <t2ue/noise/noise_source.hpp>
#include <t2ue/noise/picture_transform.hpp>

namespace t2ue {

/// What a method may want to know about the data set that it protects. Only what its card asks for is read.
struct MethodFacts {
  int height = 32, width = 32;                          ///< of the pictures that the noise is for
  std::vector<std::string> label_names;                 ///< the classes; NoiseItem::label counts them
  std::vector<std::string> captions;                    ///< of the pictures to be protected
  CaptionFeatures features;                             ///< for the option features = given
  std::shared_ptr<const OnePixelStatistics> one_pixel;  ///< of the pictures to be protected
  std::vector<NoiseItem> items;                         ///< all of them: what `shuffled` shuffles over
  Compute compute;
};

/// The facts that an index tells: classes, and every record's captions (all of them, in order).
MethodFacts method_facts(const DatasetIndex& index, int height, int width);

/// A method's option: whole numbers, numbers, texts, or an object.
struct MethodOption {
  std::string name;
  std::string otherwise;  ///< the value without it, as JSON; its type is the option's
  std::string help;
};

/// A method of the registry.
struct MethodInfo {
  MethodCard card;  ///< with all options as they are without being given
  std::vector<MethodOption> options;
};

/// All methods: controls first, then training-free ones, then those with models.
const std::vector<MethodInfo>& all_methods();
/// Their names, in that order.
std::vector<std::string> method_names();
/// Throws Error listing the names if there is no such method.
const MethodInfo& method_named(std::string_view name);

/// Throws Error for an unknown method or option and for a value of another type, without making anything.
void check_method_options(std::string_view name, const nlohmann::json& options);

/// A method at work: one of the two, as its card's `additive` says.
struct Method {
  std::shared_ptr<NoiseSource> noise;
  std::shared_ptr<PictureTransform> transform;
  const MethodCard& card() const { return noise ? noise->card() : transform->card(); }
};

/// Makes a method. `options` is an object of the method's options; what is not given is as all_methods()
/// says. Throws Error for an unknown method or option, a value of another type or out of range, options that
/// exclude each other, or a fact that the method needs and that is missing.
Method make_method(std::string_view name, const nlohmann::json& options, const MethodFacts& facts);

/// The same for who wants noise: Error for a method that is a PictureTransform.
std::shared_ptr<NoiseSource> make_noise_source(std::string_view name, const nlohmann::json& options,
                                               const MethodFacts& facts);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/registry.inl.hpp>
#endif
