// A generator of any architecture: what one must have, and the one type that trainers, noise sources and
// files know all of them by, so that these are compiled once.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <t2ue/models/generators/noise_bound.hpp>
#include <t2ue/models/module.hpp>

namespace t2ue {

/// What an architecture is: its configuration C, with its name in files, and C::Network, a module that maps
/// conditions and latents to a raw field, which NoiseBound turns into noise. `register_generator` makes it
/// known.
///
///   struct TinyConfig {
///     using Network = Tiny;
///     static constexpr std::string_view architecture = "tiny";
///     int64_t condition = 512;               // width of a condition row, as of a caption's features
///     Shape latent_shape() const;            // of one item, rank 0..4; rank 0: it draws nothing
///     int64_t output_size() const;           // S, the side of the square field
///     void fields(FieldList& f);             // its members in JSON
///   };
///   struct Tiny {
///     explicit Tiny(const TinyConfig& config);
///     Var operator()(const Var& condition,   // [B,condition]
///                    const Var& latents);    // [B,latent_shape] ~ N(0,1); absent where it draws nothing
///                                           // -> [B,S,S,3], unbounded
///     std::vector<Parameter*> output_parameters();  // what scales the field when it is scaled
///     void visit(auto&& f);                  // its parameters, as of every module
///   };
///
/// A network that wants the mean and variance of its training conditions has a member
/// `void standardise(std::span<const float> mean, std::span<const float> variance)`, called before it trains.
template <class C>
concept GeneratorArchitecture = std::copyable<C> && std::constructible_from<typename C::Network, const C&> &&
    requires(const C& config, C& given, FieldList& f, typename C::Network& network, const Var& x) {
  { C::architecture } -> std::convertible_to<std::string_view>;
  { config.condition } -> std::convertible_to<int64_t>;
  { config.latent_shape() } -> std::same_as<Shape>;
  { config.output_size() } -> std::convertible_to<int64_t>;
  given.fields(f);
  { network(x, x) } -> std::same_as<Var>;
  { network.output_parameters() } -> std::same_as<std::vector<Parameter*>>;
  network.visit([](std::string_view, auto&) {});
};

namespace detail {

/// A network behind one interface.
struct GeneratorNetwork {
  virtual ~GeneratorNetwork() = default;
  virtual Var raw(const Var& condition, const Var& latents) = 0;
  virtual std::vector<Parameter*> output_parameters() = 0;
  virtual void each_parameter(const std::function<void(const std::string&, Parameter&)>& f) = 0;
  virtual bool standardises() const = 0;
  virtual void standardise(std::span<const float> mean, std::span<const float> variance) = 0;
};

/// An architecture's configuration behind one interface.
struct ArchitectureConfig {
  virtual ~ArchitectureConfig() = default;
  virtual std::string_view architecture() const = 0;
  virtual int64_t condition() const = 0;
  virtual Shape latent_shape() const = 0;
  virtual int64_t output_size() const = 0;
  virtual void fields(FieldList& f) = 0;
  virtual void validate() const = 0;
  virtual std::unique_ptr<ArchitectureConfig> clone() const = 0;
  virtual std::unique_ptr<GeneratorNetwork> make() const = 0;
};

template <class Network>
struct GeneratorNetworkOf final : GeneratorNetwork {
  template <class C>
  explicit GeneratorNetworkOf(const C& config) : network(config) {}

  Var raw(const Var& condition, const Var& latents) override { return network(condition, latents); }
  std::vector<Parameter*> output_parameters() override { return network.output_parameters(); }
  void each_parameter(const std::function<void(const std::string&, Parameter&)>& f) override {
    for_each_parameter(network, f);
  }
  bool standardises() const override {
    return requires(Network & n, std::span<const float> s) {
      n.standardise(s, s);
    };
  }
  void standardise(std::span<const float> mean, std::span<const float> variance) override {
    if constexpr (requires { network.standardise(mean, variance); }) network.standardise(mean, variance);
  }

  Network network;
};

template <class C>
struct ArchitectureConfigOf final : ArchitectureConfig {
  explicit ArchitectureConfigOf(C c) : config(std::move(c)) {}

  std::string_view architecture() const override { return C::architecture; }
  int64_t condition() const override { return config.condition; }
  Shape latent_shape() const override { return config.latent_shape(); }
  int64_t output_size() const override { return config.output_size(); }
  void fields(FieldList& f) override { config.fields(f); }
  void validate() const override {
    if constexpr (requires { config.validate(); }) config.validate();
  }
  std::unique_ptr<ArchitectureConfig> clone() const override {
    return std::make_unique<ArchitectureConfigOf>(config);
  }
  std::unique_ptr<GeneratorNetwork> make() const override {
    return std::make_unique<GeneratorNetworkOf<typename C::Network>>(config);
  }

  C config;
};

}  // namespace detail

/// A generator's configuration: that of its architecture, which does not change any more, and its bound.
class GeneratorConfig {
 public:
  template <class C>
  requires requires { typename C::Network; }
  GeneratorConfig(C architecture, const NoiseBound& noise_bound = {}, std::string called = "t2ue")
      : GeneratorConfig(std::make_shared<detail::ArchitectureConfigOf<C>>(std::move(architecture)),
                        noise_bound, std::move(called)) {
    static_assert(GeneratorArchitecture<C>);
  }
  /// Error for a configuration that its architecture refuses.
  GeneratorConfig(std::shared_ptr<const detail::ArchitectureConfig> architecture,
                  const NoiseBound& noise_bound, std::string called);

  std::string name;  ///< of the configuration
  NoiseBound bound;

  /// The architecture's name in files.
  std::string_view architecture() const { return architecture_->architecture(); }
  /// Width of a condition row.
  int64_t condition() const { return architecture_->condition(); }
  /// Of one item's latents; rank 0 where none are drawn.
  Shape latent_shape() const { return architecture_->latent_shape(); }
  /// How many numbers those are; 0 where none are drawn.
  int64_t latents() const { return latent_shape().rank() == 0 ? 0 : latent_shape().elements(); }
  /// [B,latent_shape] for a batch, on the device; absent where none are drawn.
  Tensor latent_batch(int64_t batch, Device device) const;
  /// Side of the square noise.
  int64_t output_size() const { return architecture_->output_size(); }

  /// The architecture's own configuration; Error if it is another.
  template <class C>
  const C& as() const {
    const auto* known = dynamic_cast<const detail::ArchitectureConfigOf<C>*>(architecture_.get());
    check(known != nullptr, "generator", "'", name, "' is of another architecture: ", architecture());
    return known->config;
  }
  const detail::ArchitectureConfig& erased() const { return *architecture_; }

 private:
  std::shared_ptr<const detail::ArchitectureConfig> architecture_;
};

/// A network with its bound: a module of the same parameter names, numbers and order as its architecture's.
class Generator {
 public:
  const GeneratorConfig config;

  explicit Generator(GeneratorConfig c) : config(std::move(c)), network_(config.erased().make()) {}

  /// The unbounded field [B,S,S,3] for conditions [B,condition] and latents [B,latent_shape].
  Var operator()(const Var& condition, const Var& latents) { return network_->raw(condition, latents); }
  /// The perturbation in [0,1] pixel units, |noise| <= eps, at the generator's size.
  Var noise(const Var& condition, const Var& latents) {
    return bounded_noise(network_->raw(condition, latents), config.bound);
  }
  /// At a picture's size, within eps too: Error if the bound says bicubic.
  Var noise(const Var& condition, const Var& latents, int64_t height, int64_t width) {
    return bounded_noise(network_->raw(condition, latents), config.bound, height, width);
  }
  /// What scales the field when it is scaled.
  std::vector<Parameter*> output_parameters() { return network_->output_parameters(); }
  /// Whether it wants the mean and variance [condition] of what it is trained on.
  bool standardises() const { return network_->standardises(); }
  void standardise(std::span<const float> mean, std::span<const float> variance) {
    network_->standardise(mean, variance);
  }
  /// The network itself; Error if it is of another architecture.
  template <class Network>
  Network& as() {
    auto* known = dynamic_cast<detail::GeneratorNetworkOf<Network>*>(network_.get());
    check(known != nullptr, "generator", "'", config.name,
          "' is of another architecture: ", config.architecture());
    return known->network;
  }
  void visit(auto&& f) {
    network_->each_parameter([&](const std::string& name, Parameter& parameter) { f(name, parameter); });
  }

 private:
  std::unique_ptr<detail::GeneratorNetwork> network_;
};

namespace detail {
/// Error for a name that is taken by another type.
bool add_generator_architecture(std::unique_ptr<ArchitectureConfig> defaults);
/// The defaults of the architecture of that name; Error listing the names if there is none.
std::unique_ptr<ArchitectureConfig> default_generator(const std::string& architecture);
}  // namespace detail

/// Makes an architecture known, so that configurations and generator files may name it: the one line that it
/// needs beside its header, once in a program. Error if its name is taken. Returns true.
template <GeneratorArchitecture C>
bool register_generator() {
  return detail::add_generator_architecture(std::make_unique<detail::ArchitectureConfigOf<C>>(C{}));
}
/// The names of all that are known.
std::vector<std::string> generator_architectures();

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/models/generators/generator.inl.hpp>
#endif
