// All methods by name: their cards, their options, and how to make one for a data set.
//
//   MethodFacts facts = method_facts(open_dataset("cifar-10"), 32, 32);
//   const auto source = make_noise_source("ar", {{"seed", 7}}, facts);
//   for (Noise& noise : source->make(items)) ...
#pragma once

#include <deque>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/data/records/dataset_index.hpp>
#include <t2ue/methods/method_entry.hpp>

namespace t2ue {

/// The facts that an index tells: classes, and every record's captions (all of them, in order).
MethodFacts method_facts(const DatasetIndex& index, int height, int width);

/// Adds a method of one's own, for good: make_method() makes it, and in a program that links the commands
/// (t2ue_program) `t2ue methods` lists it, `t2ue noise --method` makes its noise, and plans of `t2ue bench`
/// may have it. Call it before methods are used, from main or from a static; threads may call it at the same
/// time. Error for an entry without name, summary or `make`, and for a name that a method has, or that plans
/// use.
void register_method(MethodEntry entry);

/// All methods: controls first, then training-free ones, those that are trained, and those registered.
const std::deque<MethodEntry>& all_methods();
/// Their names, in that order.
std::vector<std::string> method_names();
/// Throws Error listing the names if there is no such method.
const MethodEntry& method_named(std::string_view name);

/// Throws Error for an unknown method or option and for a value of another type or out of range, without
/// making anything.
void check_method_options(std::string_view name, const nlohmann::json& options);

/// Makes a method. `options` is an object of the method's options; what is not given is as all_methods()
/// says. Throws Error for an unknown method or option, a value of another type or out of range, options that
/// exclude each other, or a fact that the method needs and that is missing. A method that is trained wants
/// the option that names its file.
Method make_method(std::string_view name, const nlohmann::json& options, const MethodFacts& facts);

/// The same for who wants noise: Error for a method that is a PictureTransform.
std::shared_ptr<NoiseSource> make_noise_source(std::string_view name, const nlohmann::json& options,
                                               const MethodFacts& facts);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/methods/registry.inl.hpp>
#endif
