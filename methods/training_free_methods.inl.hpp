#pragma once

#include <t2ue/methods/autoregressive.hpp>
#include <t2ue/methods/caption_cluster.hpp>
#include <t2ue/methods/class_filter.hpp>
#include <t2ue/methods/class_patches.hpp>
#include <t2ue/methods/class_random.hpp>
#include <t2ue/methods/keyword_textures.hpp>
#include <t2ue/methods/option_fields.hpp>
#include <t2ue/methods/random_sign.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/separable_patches.hpp>
#include <t2ue/methods/shuffled.hpp>
#include <t2ue/methods/text_lsp.hpp>
#include <t2ue/methods/textures.hpp>
#include <t2ue/methods/training_free_methods.hpp>
#include <t2ue/methods/uniform.hpp>
#include <t2ue/methods/word_textures.hpp>

namespace t2ue {

namespace detail {

enum class FeatureSource : uint8_t { words, given };
template <>
struct KindNames<FeatureSource> {
  static constexpr std::string_view what = "features";
  static constexpr std::array<std::string_view, 2> names = {"words", "given"};
};

// Options that several methods have.

struct EpsOption {
  int eps_steps = 8;
  void fields(FieldList& f) {
    f("eps_steps", eps_steps, in_range(1, max_eps_steps), "largest change in steps of 1/255");
  }
};

struct SeedOption {
  uint64_t seed = 0;
  void fields(FieldList& f) { f("seed", seed, "another seed, another noise"); }
};

struct GridOption {
  int grid = 4;
  void fields(FieldList& f) { f("grid", grid, in_range(1, max_grid), "blocks a side"); }
};

struct BudgetOptions {
  Norm norm = Norm::linf;
  double l2 = 0;
  EpsOption eps;
  void fields(FieldList& f) {
    f("norm", norm, one_of(Norm::linf, Norm::l2), "what bounds the noise");
    f("l2", l2, in_range(0, 1e9), "l2 norm in pixel units; the paper's for the size if not given");
    eps.fields(f);
  }
  /// eps_steps with linf; l2, or 0 for the method's own, with l2.
  Budget budget(const MethodRequest& request) const {
    const char* other = norm == Norm::linf ? "l2" : "eps_steps";
    check(!request.has(other), request.name, "'", other, "' does not go with the norm ", name_of(norm));
    if (norm == Norm::linf) return linf_budget(request.name, eps.eps_steps);
    return request.has("l2") ? l2_budget(request.name, l2) : Budget{Norm::l2, 0};
  }
};

struct FeatureOptions {
  FeatureSource features = FeatureSource::words;
  int feature_width = 256;
  void fields(FieldList& f) {
    f("features", features, "of the captions alone, or given by a text tower");
    f("feature_width", feature_width, in_range(1, 65536), "numbers that the words of a caption become");
  }
  CaptionFeatures of(const MethodRequest& request) const {
    const std::vector<std::string>& captions = request.captions();
    if (features == FeatureSource::words) return word_features(captions, feature_width);
    check(!request.has("feature_width"), request.name, "'feature_width' does not go with given features");
    check(request.facts.features.rows != nullptr, request.name,
          "no features were given; use words, or give a text tower");
    return request.facts.features;
  }
};

/// Options that are all those of the parts.
template <class... Parts>
struct OptionsOf : Parts... {
  void fields([[maybe_unused]] FieldList& f) { (Parts::fields(f), ...); }
};

using NoiseOptions = OptionsOf<EpsOption, SeedOption>;

struct PatchOption {
  int patch = 8;
  void fields(FieldList& f) { f("patch", patch, in_range(1, 65536), "pixels a side of a block"); }
};
struct SeparationOption {
  double separation = 10;
  void fields(FieldList& f) {
    f("separation", separation, in_range(0, 1e6), "of the clusters' centres from 0");
  }
};
struct BlurOption {
  double blur = 0.3;
  void fields(FieldList& f) {
    f("blur", blur, in_range(0, 1), "largest weight of a neighbour, the paper's p_b");
  }
};
struct ClustersOption {
  int clusters = 16;
  void fields(FieldList& f) { f("clusters", clusters, in_range(1, max_block_codes), "of captions"); }
};
struct FineOption {
  int fine = 8;
  void fields(FieldList& f) { f("fine", fine, in_range(2, max_block_codes), "clusters within each"); }
};
struct KeywordsOption {
  int keywords = 16;
  void fields(FieldList& f) {
    f("keywords", keywords, in_range(2, texture_count),
      "groups of captions; the last is for captions without a keyword");
  }
};
struct WordsOptions {
  int words = 32, together = 4;
  void fields(FieldList& f) {
    f("words", words, in_range(1, texture_count - 1), "keywords, each with a texture");
    f("together", together, in_range(1, texture_count), "at most so many of an item's words over each other");
  }
};
struct ShuffledOptions {
  std::string method = "random_sign", options = "{}";
  uint64_t seed = 0;
  void fields(FieldList& f) {
    f("method", method, "the method whose noises are shuffled");
    const std::shared_ptr<FieldValue> inner = std::make_shared<FunctionField>(
        [this](const nlohmann::json& json, const std::string&) { options = json.dump(); },
        nlohmann::json::object());
    f("options", inner, "that method's options");
    f("seed", seed, "another seed, another order");
  }
};

inline Method make_shuffled(const ShuffledOptions& options, const MethodRequest& request) {
  check(options.method != "shuffled", request.name, "cannot shuffle itself");
  check(!request.facts.items.empty(), request.name, "the items to shuffle over are missing");
  return noise_method<Shuffled>(
      make_noise_source(options.method, parse_json(options.options, request.name), request.facts),
      request.facts.items, options.seed);
}

inline MethodEntry shuffled_method() {
  MethodCard card;
  card.name = "shuffled";
  card.summary = "control: another method's noises, each on another item";
  card.eps = linf_budget("shuffled", EpsOption{}.eps_steps).eps;
  return method_entry<ShuffledOptions>(card, {}, make_shuffled);
}

/// A method that is made from size, eps and seed alone.
template <class Source>
MethodEntry noise_entry() {
  return method_entry<NoiseOptions>(Source::describe(EpsOption{}.eps_steps), {},
                                    [](const NoiseOptions& options, const MethodRequest& request) {
                                      return noise_method<Source>(request.facts.height, request.facts.width,
                                                                  options.eps_steps, options.seed);
                                    });
}

inline MethodEntry class_patches_method() {
  using Options = OptionsOf<EpsOption, PatchOption, SeedOption>;
  return method_entry<Options>(
      ClassPatches::describe(EpsOption{}.eps_steps), {}, [](const Options& o, const MethodRequest& r) {
        return noise_method<ClassPatches>(r.facts.height, r.facts.width, o.patch, o.eps_steps, o.seed);
      });
}

inline MethodEntry class_textures_method() {
  return method_entry<EpsOption>(ClassTextures::describe(EpsOption{}.eps_steps), {},
                                 [](const EpsOption& o, const MethodRequest& r) {
                                   check(r.classes() <= texture_count, r.name, "there are ", texture_count,
                                         " textures, too few for ", r.classes(), " classes");
                                   return noise_method<ClassTextures>(o.eps_steps);
                                 });
}

/// l2 with the paper's norm for 32 x 32, which cards show.
template <class Source>
Budget paper_budget() {
  return {Norm::l2, static_cast<float>(Source::default_norm(32, 32))};
}

inline MethodEntry autoregressive_method() {
  using Options = OptionsOf<BudgetOptions, SeedOption>;
  Options plain;
  plain.norm = Norm::l2;
  return method_entry<Options>(Autoregressive::describe(paper_budget<Autoregressive>()), plain,
                               [](const Options& o, const MethodRequest& r) {
                                 return noise_method<Autoregressive>(
                                     r.facts.height, r.facts.width,
                                     Autoregressive::Options{r.classes(), o.budget(r), o.seed});
                               });
}

inline MethodEntry separable_patches_method() {
  using Options = OptionsOf<BudgetOptions, GridOption, SeparationOption, SeedOption>;
  Options plain;
  plain.norm = Norm::l2;
  return method_entry<Options>(
      SeparablePatches::describe(paper_budget<SeparablePatches>()), plain,
      [](const Options& o, const MethodRequest& r) {
        return noise_method<SeparablePatches>(
            r.facts.height, r.facts.width,
            SeparablePatches::Options{r.classes(), o.grid, o.separation, o.budget(r), o.seed});
      });
}

inline MethodEntry one_pixel_method() {
  using Options = OptionsOf<>;
  return method_entry<Options>(OnePixelShortcut::describe(), {}, [](const Options&, const MethodRequest& r) {
    check(r.facts.one_pixel != nullptr, r.name,
          "chooses pixels by statistics of every class's pictures, which are missing");
    return Method{nullptr, std::make_shared<OnePixelShortcut>(*r.facts.one_pixel)};
  });
}

inline MethodEntry class_filter_method() {
  using Options = OptionsOf<BlurOption, SeedOption>;
  return method_entry<Options>(ClassFilter::describe(), {}, [](const Options& o, const MethodRequest&) {
    return Method{nullptr, std::make_shared<ClassFilter>(o.blur, o.seed)};
  });
}

inline Method make_caption_cluster(const CaptionCluster::Options& options, const FeatureOptions& features,
                                   const MethodRequest& r) {
  return noise_method<CaptionCluster>(r.facts.height, r.facts.width, features.of(r), r.facts.captions,
                                      options);
}

inline MethodEntry caption_cluster_method() {
  using Options = OptionsOf<ClustersOption, EpsOption, GridOption, FeatureOptions, SeedOption>;
  return method_entry<Options>(
      CaptionCluster::describe("caption_cluster", EpsOption{}.eps_steps, "words"), {},
      [](const Options& o, const MethodRequest& r) {
        return make_caption_cluster({o.clusters, 1, o.grid, o.eps_steps, o.seed}, o, r);
      });
}

inline MethodEntry caption_hierarchy_method() {
  using Options = OptionsOf<ClustersOption, FineOption, EpsOption, GridOption, FeatureOptions, SeedOption>;
  return method_entry<Options>(
      CaptionCluster::describe("caption_hierarchy", EpsOption{}.eps_steps, "words"), {},
      [](const Options& o, const MethodRequest& r) {
        return make_caption_cluster({o.clusters, o.fine, o.grid, o.eps_steps, o.seed}, o, r);
      });
}

inline MethodEntry keyword_textures_method() {
  using Options = OptionsOf<KeywordsOption, EpsOption>;
  return method_entry<Options>(KeywordTextures::describe(EpsOption{}.eps_steps), {},
                               [](const Options& o, const MethodRequest& r) {
                                 return noise_method<KeywordTextures>(r.captions(), o.keywords, o.eps_steps);
                               });
}

inline MethodEntry word_textures_method() {
  using Options = OptionsOf<WordsOptions, EpsOption>;
  return method_entry<Options>(
      WordTextures::describe(EpsOption{}.eps_steps), {}, [](const Options& o, const MethodRequest& r) {
        return noise_method<WordTextures>(r.captions(), o.words, o.together, o.eps_steps);
      });
}

inline MethodEntry text_lsp_method() {
  using Options = OptionsOf<BudgetOptions, GridOption, FeatureOptions, SeedOption>;
  return method_entry<Options>(
      TextLsp::describe(linf_budget("text_lsp", EpsOption{}.eps_steps), "words"), {},
      [](const Options& o, const MethodRequest& r) {
        Budget budget = o.budget(r);
        if (budget.eps == 0)
          budget = l2_budget(r.name, SeparablePatches::default_norm(r.facts.height, r.facts.width));
        return noise_method<TextLsp>(r.facts.height, r.facts.width, o.of(r), r.facts.captions,
                                     TextLsp::Options{o.grid, budget, o.seed});
      });
}

}  // namespace detail

T2UE_INLINE std::vector<MethodEntry> training_free_methods() {
  using namespace detail;
  return {noise_entry<UniformNoise>(), noise_entry<RandomSign>(),  shuffled_method(),
          noise_entry<ClassRandom>(),  class_patches_method(),     class_textures_method(),
          autoregressive_method(),     separable_patches_method(), one_pixel_method(),
          class_filter_method(),       caption_cluster_method(),   caption_hierarchy_method(),
          keyword_textures_method(),   word_textures_method(),     text_lsp_method()};
}

}  // namespace t2ue
