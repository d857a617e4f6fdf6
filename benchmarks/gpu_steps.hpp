// The steps that gpu_step_bench times and benchmarks/peers has in PyTorch: models, what a batch brings, and
// how loss and update are recorded. On the CPU models are tiny: that shows that the code runs, and nothing
// else.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <t2ue/core/ops/ops.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/generators/ssa_generator.hpp>
#include <t2ue/optim/optimizer.hpp>
#include <t2ue/optim/train_recipe.hpp>
#include <t2ue/training/trainer.hpp>

namespace t2ue::benchmarks {

/// A step of `batch` items.
struct Workload {
  /// Everything with weights, under the prefix that its names get beside the others'.
  std::vector<std::pair<std::string, const ParameterSet*>> models;
  std::vector<std::pair<std::string, Tensor>> inputs;
  /// What is trained; null for inference.
  ParameterSet* trained = nullptr;
  /// Records the loss or, of inference, the result.
  std::function<Var(Graph&, const AugmentOptions&)> output;
  /// Records the update, after the backward pass.
  std::function<void(Graph&)> update;
  std::shared_ptr<void> owner;  ///< of all of it
};

struct WorkloadOptions {
  Device device;
  Precision precision = Precision::fp32;
  int64_t batch = 1;
  bool tiny = false;  ///< models of a few thousand parameters
};

inline ClipConfig clip_of(const WorkloadOptions& o, const std::string& name) {
  if (!o.tiny) return clip_config(name);
  ClipConfig c;
  c.name = "tiny";
  c.text = {8, 64, {32, 2, 2, Activation::gelu, true}, 32};
  if (name == "RN50") {
    c.image_size = 32;
    c.modified_resnet = ModifiedResNetConfig{
        .image_size = 32, .width = 8, .layers = {1, 1, 1, 1}, .heads = 2, .embed_dim = 32};
  } else {
    c.image_size = 16;
    c.vit = VisionTransformerConfig{16, 8, {32, 2, 2, Activation::gelu, false}, 32};
  }
  return c;
}

/// Captions matter from the first step, so that a comparison of losses sees all of the generator.
inline GeneratorConfig generator_of(const WorkloadOptions& o) {
  SsaGeneratorConfig c = generator_config("t2ue").as<SsaGeneratorConfig>();
  c.gain_start = 0.5f, c.modulation_start = 0.1f;
  if (o.tiny) c.condition = 32, c.width = 4, c.multipliers = {2, 2, 2, 1}, c.hidden = 8, c.mask_hidden = 8;
  return c;
}

inline Tensor normal(const Shape& shape, const WorkloadOptions& o, uint64_t item) {
  std::vector<float> values(static_cast<size_t>(shape.elements()));
  Random random(1, Purpose::test, item);
  for (float& value : values) value = random.normal();
  return Tensor::of(values, shape, o.device);
}
template <class T>
Tensor below(const Shape& shape, uint32_t bound, const WorkloadOptions& o) {
  std::vector<T> values(static_cast<size_t>(shape.elements()));
  Random random(1, Purpose::test);
  for (T& value : values) value = static_cast<T>(random.below(bound));
  return Tensor::of(values, shape, o.device);
}

/// What a batch of captioned pictures brings.
struct CaptionedBatch {
  Tensor images, ids, end, counter;
  CaptionedBatch(const ClipConfig& clip, const WorkloadOptions& o)
      : images(below<uint8_t>({o.batch, clip.image_size, clip.image_size, 3}, 256, o)),
        ids(below<int32_t>({o.batch, clip.text.context_length}, static_cast<uint32_t>(clip.text.vocab_size),
                           o)),
        end(Tensor::of(std::vector<int32_t>(static_cast<size_t>(o.batch),
                                            static_cast<int32_t>(clip.text.context_length) - 1),
                       {o.batch}, o.device)),
        counter(Tensor::zeros({1}, DType::i32, o.device)) {}
};

/// The paper's step, the generator through a frozen CLIP, as BiLevelTrainer records it.
inline Workload t2ue_step(const WorkloadOptions& o) {
  struct State {
    Clip clip;
    Generator generator;
    ParameterSet frozen, trained;
    Optimizer optimizer;
    CaptionedBatch batch;
    Tensor captions, latent;
    explicit State(const WorkloadOptions& o)
        : clip(clip_of(o, "ViT-B-32")),
          generator(generator_of(o)),
          frozen(clip, 1, o.device, o.precision),
          trained(generator, 1, o.device, o.precision),
          optimizer(trained, {.kind = OptimizerConfig::Kind::adam, .beta1 = 0.0f, .beta2 = 0.9f}),
          batch(clip.config, o),
          captions(normal({o.batch, generator.config.condition()}, o, 1)),
          latent(normal({o.batch, generator.config.latents()}, o, 2)) {
      optimizer.prepare(1e-4f);
    }
  };
  const auto state = std::make_shared<State>(o);
  State& s = *state;
  return {{{"clip.", &s.frozen}, {"generator.", &s.trained}},
          {{"images", s.batch.images},
           {"ids", s.batch.ids},
           {"end", s.batch.end},
           {"captions", s.captions},
           {"latent", s.latent}},
          &s.trained,
          [&s](Graph& g, const AugmentOptions& augmentation) {
            PerturbOptions options;
            options.eps = s.generator.config.bound.eps, options.quantise = true;
            const int64_t side = s.clip.config.image_size;
            const Var noise = s.generator.noise(g.input(s.captions), g.input(s.latent), side, side);
            const Var pixels = augment(perturb(g.input(s.batch.images), noise, options),
                                       g.input(s.batch.counter), augmentation);
            const NoGrad scope(g);
            return s.clip.loss(pixels, g.input(s.batch.ids), g.input(s.batch.end));
          },
          [&s](Graph& g) { s.optimizer.record_norm(g), s.optimizer.record_update(g); },
          state};
}

inline Workload clip_step(const WorkloadOptions& o, const std::string& name) {
  struct State {
    Clip clip;
    ParameterSet trained;
    Optimizer optimizer;
    CaptionedBatch batch;
    State(const WorkloadOptions& o, const std::string& name)
        : clip(clip_of(o, name)),
          trained(clip, 1, o.device, o.precision),
          optimizer(trained, {.weight_decay = 0.1f}),
          batch(clip.config, o) {
      optimizer.prepare(1e-4f);
    }
  };
  const auto state = std::make_shared<State>(o, name);
  State& s = *state;
  return {{{"clip.", &s.trained}},
          {{"images", s.batch.images}, {"ids", s.batch.ids}, {"end", s.batch.end}},
          &s.trained,
          [&s](Graph& g, const AugmentOptions& augmentation) {
            const Var pixels =
                augment(perturb(g.input(s.batch.images), {}, {}), g.input(s.batch.counter), augmentation);
            return s.clip.loss(pixels, g.input(s.batch.ids), g.input(s.batch.end));
          },
          [&s](Graph& g) {
            s.optimizer.record_norm(g), s.optimizer.record_update(g);
            record_constraints(g, s.clip);
          },
          state};
}

/// A ResNet-18 on CIFAR's pictures.
inline Workload resnet18_step(const WorkloadOptions& o) {
  struct State {
    ClassifierConfig config;
    Classifier classifier;
    ParameterSet trained;
    Optimizer optimizer;
    Tensor images, labels, counter;
    static ClassifierConfig config_of(const WorkloadOptions& o) {
      if (!o.tiny) return classifier_config("resnet18");
      return {"tiny", 32, 10, ResNetConfig{{8, 16}, {1, 1}}};
    }
    explicit State(const WorkloadOptions& o)
        : config(config_of(o)),
          classifier(config),
          trained(classifier, 1, o.device, o.precision),
          optimizer(trained, {.kind = OptimizerConfig::Kind::sgd, .weight_decay = 5e-4f}),
          images(below<uint8_t>({o.batch, 32, 32, 3}, 256, o)),
          labels(below<int32_t>({o.batch}, 10, o)),
          counter(Tensor::zeros({1}, DType::i32, o.device)) {
      optimizer.prepare(1e-4f);
    }
  };
  const auto state = std::make_shared<State>(o);
  State& s = *state;
  return {{{"classifier.", &s.trained}},
          {{"images", s.images}, {"labels", s.labels}},
          &s.trained,
          [&s](Graph& g, const AugmentOptions& augmentation) {
            const Var pixels = augment(perturb(g.input(s.images), {}, {}), g.input(s.counter), augmentation);
            return cross_entropy(s.classifier(pixels), g.input(s.labels));
          },
          [&s](Graph& g) { s.optimizer.record_norm(g), s.optimizer.record_update(g); },
          state};
}

/// Noise of the generator's own size from tokenised captions.
inline Workload noise_from_captions(const WorkloadOptions& o) {
  struct State {
    Clip clip;
    Generator generator;
    ParameterSet towers, weights;
    CaptionedBatch batch;
    Tensor latent;
    explicit State(const WorkloadOptions& o)
        : clip(clip_of(o, "ViT-B-32")),
          generator(generator_of(o)),
          towers(clip, 1, o.device, o.precision),
          weights(generator, 1, o.device, o.precision),
          batch(clip.config, o),
          latent(normal({o.batch, generator.config.latents()}, o, 2)) {}
  };
  const auto state = std::make_shared<State>(o);
  State& s = *state;
  return {{{"clip.", &s.towers}, {"generator.", &s.weights}},
          {{"ids", s.batch.ids}, {"end", s.batch.end}, {"latent", s.latent}},
          nullptr,
          [&s](Graph& g, const AugmentOptions&) {
            const NoGrad no_grad(g);
            const EvalMode eval_mode(g);
            const Var features = s.clip.text(g.input(s.batch.ids), g.input(s.batch.end));
            return s.generator.noise(cast(features, DType::f32), g.input(s.latent));
          },
          {},
          state};
}

}  // namespace t2ue::benchmarks
