#pragma once

#include <map>
#include <typeinfo>

#include <t2ue/models/generators/generator.hpp>
#include <t2ue/models/generators/pattern_dictionary.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>

namespace t2ue {

namespace detail {

using GeneratorArchitectures = std::map<std::string, std::unique_ptr<ArchitectureConfig>, std::less<>>;

/// The architectures that the library has.
inline GeneratorArchitectures built_in_generators() {
  GeneratorArchitectures all;
  const auto add = [&]<GeneratorArchitecture C>(C config) {
    all.emplace(C::architecture, std::make_unique<ArchitectureConfigOf<C>>(std::move(config)));
  };
  add(SsaGeneratorConfig{});
  add(PatternDictionaryConfig{});
  return all;
}

/// Name -> configuration with its defaults.
inline GeneratorArchitectures& all_generators() {
  static GeneratorArchitectures all = built_in_generators();
  return all;
}

T2UE_INLINE bool add_generator_architecture(std::unique_ptr<ArchitectureConfig> defaults) {
  const std::string name(defaults->architecture());
  const auto [place, added] = all_generators().try_emplace(name, nullptr);
  if (added) {
    place->second = std::move(defaults);
    return true;
  }
  const ArchitectureConfig &taken_by = *place->second, &wanted = *defaults;
  check(typeid(taken_by) == typeid(wanted), "generator", "the architecture '", name,
        "' is there already; give yours another name");
  return true;
}

T2UE_INLINE std::unique_ptr<ArchitectureConfig> default_generator(const std::string& architecture) {
  const auto found = all_generators().find(architecture);
  if (found != all_generators().end()) return found->second->clone();
  std::string known;
  for (const std::string& name : generator_architectures()) known += (known.empty() ? "" : ", ") + name;
  fail("generator", "unknown architecture '", architecture, "'; one of: ", known,
       "; register_generator() adds one");
}

}  // namespace detail

T2UE_INLINE std::vector<std::string> generator_architectures() {
  std::vector<std::string> names;
  for (const auto& [name, config] : detail::all_generators()) names.push_back(name);
  return names;
}

T2UE_INLINE GeneratorConfig::GeneratorConfig(std::shared_ptr<const detail::ArchitectureConfig> architecture,
                                             const NoiseBound& noise_bound, std::string called)
    : name(std::move(called)), bound(noise_bound), architecture_(std::move(architecture)) {
  architecture_->validate();
}

T2UE_INLINE Tensor GeneratorConfig::latent_batch(int64_t batch, Device device) const {
  if (latents() == 0) return {};
  Shape shape{batch};
  const Shape one = latent_shape();
  for (int i = 0; i < one.rank(); ++i) shape.push_back(one[i]);
  return Tensor(shape, DType::f32, device);
}

}  // namespace t2ue
