#pragma once

#include <nlohmann/json.hpp>

#include <t2ue/core/json_reader.hpp>
#include <t2ue/methods/autoregressive.hpp>
#include <t2ue/methods/caption_cluster.hpp>
#include <t2ue/methods/class_filter.hpp>
#include <t2ue/methods/class_patches.hpp>
#include <t2ue/methods/class_random.hpp>
#include <t2ue/methods/keyword_textures.hpp>
#include <t2ue/methods/random_sign.hpp>
#include <t2ue/methods/registry.hpp>
#include <t2ue/methods/separable_patches.hpp>
#include <t2ue/methods/shuffled.hpp>
#include <t2ue/methods/surrogate_methods.hpp>
#include <t2ue/methods/table_noise.hpp>
#include <t2ue/methods/text_lsp.hpp>
#include <t2ue/methods/textures.hpp>
#include <t2ue/methods/uniform.hpp>
#include <t2ue/methods/word_patterns.hpp>
#include <t2ue/methods/word_textures.hpp>

namespace t2ue {

namespace detail {

/// What a factory of the registry gets: every option has a value of its type.
struct MethodRequest {
  const std::string& name;
  JsonReader& options;
  const nlohmann::json& given;  ///< the options without their defaults
  const MethodFacts& facts;

  int whole(const std::string& key, int low, int high) {
    return static_cast<int>(options.in_range<int64_t>(key, low, high, 0));
  }
  int eps_steps() { return whole("eps_steps", 1, max_eps_steps); }
  uint64_t seed() { return options.get<uint64_t>("seed"); }
  int classes() const {
    check(!facts.label_names.empty(), name,
          "is a method for classes, but the data set has no labels; use a "
          "method for captions, or give labels");
    return static_cast<int>(facts.label_names.size());
  }
  /// eps_steps with linf; l2, or 0 for the method's own, with l2.
  Budget budget() {
    const Norm norm = kind_named<Norm>(options.get<std::string>("norm"));
    check(norm == Norm::linf || norm == Norm::l2, name, "'norm' is linf or l2, not ", name_of(norm));
    const char* other = norm == Norm::linf ? "l2" : "eps_steps";
    check(!given.contains(other), name, "'", other, "' does not go with the norm ", name_of(norm));
    const int steps = eps_steps();
    const auto length = options.get<double>("l2");
    if (norm == Norm::linf) return linf_budget(name, steps);
    return given.contains("l2") ? l2_budget(name, length) : Budget{Norm::l2, 0};
  }
  CaptionFeatures features() {
    const auto wanted = options.get<std::string>("features");
    const int width = whole("feature_width", 1, 65536);
    check(wanted == "words" || wanted == "given", name, "'features' is words or given, not '", wanted, "'");
    check(!facts.captions.empty(), name, "is a method for captions, but the data set has none");
    if (wanted == "words") return word_features(facts.captions, width);
    check(!given.contains("feature_width"), name, "'feature_width' does not go with given features");
    check(facts.features.rows != nullptr, name, "no features were given; use words, or give a text tower");
    return facts.features;
  }
};

using MethodFactory = Method (*)(MethodRequest&);

struct RegistryEntry {
  MethodInfo info;
  MethodFactory make;
};

template <class Source, class... Arguments>
Method noise_method(Arguments&&... arguments) {
  return {std::make_shared<Source>(std::forward<Arguments>(arguments)...), nullptr};
}

inline Method make_caption_cluster(MethodRequest& r, int fine) {
  const CaptionCluster::Options options{.clusters = r.whole("clusters", 1, max_block_codes),
                                        .fine = fine,
                                        .grid = r.whole("grid", 1, max_grid),
                                        .eps_steps = r.eps_steps(),
                                        .seed = r.seed()};
  return noise_method<CaptionCluster>(r.facts.height, r.facts.width, r.features(), r.facts.captions, options);
}

inline Method make_shuffled(MethodRequest& r) {
  const auto inner = r.options.get<std::string>("method");
  check(inner != "shuffled", r.name, "cannot shuffle itself");
  check(!r.facts.items.empty(), r.name, "the items to shuffle over are missing");
  return noise_method<Shuffled>(make_noise_source(inner, r.options.get<nlohmann::json>("options"), r.facts),
                                r.facts.items, r.seed());
}

inline Method make_t2ue(MethodRequest& r) {
  const auto file = r.options.get<std::string>("generator"), latent = r.options.get<std::string>("latent");
  check(!file.empty(), r.name, "'generator' names the generator file, and is missing");
  check(latent == "all" || latent == "caption" || latent == "item", r.name,
        "'latent' is all, caption or item, not '", latent, "'");
  const auto source = std::make_shared<T2ueSource>(file, r.facts.compute);
  source->set_latent_sharing(latent == "all"       ? LatentSharing::all
                             : latent == "caption" ? LatentSharing::caption
                                                   : LatentSharing::item);
  if (r.given.contains("seed")) source->set_seed(r.seed());
  return {source, nullptr};
}

/// The option `key`, a file that training made for the method; `made` says where that is done. Error where it
/// is missing, or options stand beside it that are for making it.
inline std::string trained_file(MethodRequest& r, const std::string& key, const std::string& made) {
  auto file = r.options.get<std::string>(key);
  check(!file.empty(), r.name, "is ", made, "; elsewhere '", key,
        "' names the file that it made, and is missing");
  for (const auto& [other, value] : r.given.items())
    check(other == key, r.name, "'", other, "' is for making the noise in t2ue bench, and '", key,
          "' names it made");
  return file;
}

inline Method make_word_patterns(MethodRequest& r) {
  return noise_method<WordPatterns>(
      trained_file(r, "patterns", "trained by `t2ue train patterns`, or by `t2ue bench` as a row of a plan"));
}

inline Method make_surrogate_method(MethodRequest& r) {
  const std::string file = trained_file(
      r, "noise", "optimised on the pictures themselves, which `t2ue bench` does as a row of a plan");
  NoiseTableFile table = read_noise_table(file);
  check(table.method == r.name, r.name, file, " holds noise of ", table.method);
  return noise_method<TableNoise>(std::move(table));
}

/// The members of `json` that `plain` has otherwise.
inline std::string differences(const nlohmann::json& json, const nlohmann::json& plain) {
  nlohmann::json found = nlohmann::json::object();
  for (const auto& [key, value] : json.items())
    if (plain.at(key) != value) found[key] = value;
  return found.dump();
}

/// The options that a row of t2ue bench has, with the method's own constants.
inline RegistryEntry surrogate_entry(const SurrogateMethod& method, int eps_steps) {
  const NoiseUnit unit = method.units.front();
  const SurrogatePreset preset = surrogate_preset(method, unit);
  return {{surrogate_card(method, unit, eps_steps),
           {{"noise", "\"\"",
             "file of noise that t2ue bench made; without it t2ue bench makes one by what follows"},
            {"unit", concat('"', name_of(unit), '"'), "sample, class or cluster: what has one noise"},
            {"surrogate", concat('"', default_surrogate(method), '"'), "a model by name, or as a table"},
            {"policy", differences(to_json(preset.policy), to_json(NoiseTablePolicy{})),
             "who trains when, and the noise's steps"},
            {"recipe", differences(to_json(preset.recipe), to_json(TrainRecipe{})),
             "how the surrogate is trained"}}},
          make_surrogate_method};
}

inline std::vector<RegistryEntry> make_registry() {
  constexpr int eps = 8;
  const MethodOption seed{"seed", "0", "another seed, another noise"},
      eps_steps{"eps_steps", "8", "largest change in steps of 1/255"}, grid{"grid", "4", "blocks a side"},
      features{"features", "\"words\"", "words: of the captions alone; given: of a text tower"},
      feature_width{"feature_width", "256", "numbers that the words of a caption become"},
      clusters{"clusters", "16", "of captions"};
  const auto norm = [](const char* name) {
    return MethodOption{"norm", concat('"', name, '"'), "linf or l2"};
  };
  const MethodOption l2{"l2", "0.0", "l2 norm in pixel units; the paper's for the size if not given"};

  MethodCard shuffled;
  shuffled.name = "shuffled";
  shuffled.summary = "control: another method's noises, each on another item";
  shuffled.eps = static_cast<float>(eps) / 255.0f;
  const Budget linf = linf_budget("registry", eps);
  std::vector<RegistryEntry> entries{
      {{UniformNoise::describe(eps), {eps_steps, seed}},
       [](MethodRequest& r) {
         return noise_method<UniformNoise>(r.facts.height, r.facts.width, r.eps_steps(), r.seed());
       }},
      {{RandomSign::describe(eps), {eps_steps, seed}},
       [](MethodRequest& r) {
         return noise_method<RandomSign>(r.facts.height, r.facts.width, r.eps_steps(), r.seed());
       }},
      {{std::move(shuffled),
        {{"method", "\"random_sign\"", "the method whose noises are shuffled"},
         {"options", "{}", "that method's options"},
         seed}},
       make_shuffled},
      {{ClassRandom::describe(eps), {eps_steps, seed}},
       [](MethodRequest& r) {
         return noise_method<ClassRandom>(r.facts.height, r.facts.width, r.eps_steps(), r.seed());
       }},
      {{ClassPatches::describe(eps), {eps_steps, {"patch", "8", "pixels a side of a block"}, seed}},
       [](MethodRequest& r) {
         return noise_method<ClassPatches>(r.facts.height, r.facts.width, r.whole("patch", 1, 65536),
                                           r.eps_steps(), r.seed());
       }},
      {{ClassTextures::describe(eps), {eps_steps}},
       [](MethodRequest& r) {
         check(r.classes() <= texture_count, r.name, "there are ", texture_count, " textures, too few for ",
               r.classes(), " classes");
         return noise_method<ClassTextures>(r.eps_steps());
       }},
      {{Autoregressive::describe({Norm::l2, static_cast<float>(Autoregressive::default_norm(32, 32))}),
        {norm("l2"), l2, eps_steps, seed}},
       [](MethodRequest& r) {
         const Autoregressive::Options options{r.classes(), r.budget(), r.seed()};
         return noise_method<Autoregressive>(r.facts.height, r.facts.width, options);
       }},
      {{SeparablePatches::describe({Norm::l2, static_cast<float>(SeparablePatches::default_norm(32, 32))}),
        {norm("l2"), l2, eps_steps, grid, {"separation", "10.0", "of the clusters' centres from 0"}, seed}},
       [](MethodRequest& r) {
         const SeparablePatches::Options options{r.classes(), r.whole("grid", 1, max_grid),
                                                 r.options.get<double>("separation"), r.budget(), r.seed()};
         return noise_method<SeparablePatches>(r.facts.height, r.facts.width, options);
       }},
      {{OnePixelShortcut::describe(), {}},
       [](MethodRequest& r) {
         check(r.facts.one_pixel != nullptr, r.name,
               "chooses pixels by statistics of every class's pictures, which are missing");
         return Method{nullptr, std::make_shared<OnePixelShortcut>(*r.facts.one_pixel)};
       }},
      {{ClassFilter::describe(), {{"blur", "0.3", "largest weight of a neighbour, the paper's p_b"}, seed}},
       [](MethodRequest& r) {
         return Method{nullptr, std::make_shared<ClassFilter>(r.options.get<double>("blur"), r.seed())};
       }},
      {{CaptionCluster::describe("caption_cluster", eps, "words"),
        {clusters, eps_steps, grid, features, feature_width, seed}},
       [](MethodRequest& r) { return make_caption_cluster(r, 1); }},
      {{CaptionCluster::describe("caption_hierarchy", eps, "words"),
        {clusters, {"fine", "8", "clusters within each"}, eps_steps, grid, features, feature_width, seed}},
       [](MethodRequest& r) { return make_caption_cluster(r, r.whole("fine", 2, max_block_codes)); }},
      {{KeywordTextures::describe(eps),
        {{"keywords", "16", "groups of captions, the last for captions without a keyword"}, eps_steps}},
       [](MethodRequest& r) {
         check(!r.facts.captions.empty(), r.name, "is a method for captions, but the data set has none");
         return noise_method<KeywordTextures>(r.facts.captions, r.whole("keywords", 2, texture_count),
                                              r.eps_steps());
       }},
      {{WordTextures::describe(eps),
        {{"words", "32", "keywords, each with a texture"},
         {"together", "4", "at most so many of an item's words over each other"},
         eps_steps}},
       [](MethodRequest& r) {
         check(!r.facts.captions.empty(), r.name, "is a method for captions, but the data set has none");
         return noise_method<WordTextures>(r.facts.captions, r.whole("words", 1, texture_count - 1),
                                           r.whole("together", 1, texture_count), r.eps_steps());
       }},
      {{WordPatterns::describe(eps),
        {{"patterns", "\"\"",
          "file of `t2ue train patterns`; without it t2ue bench trains them by what follows"},
         {"words", "32", "keywords, each with a pattern"},
         {"size", "8", "side of a pattern, which is tiled"},
         {"coarseness", "1", "pixels a side of a pixel of the textures that patterns start from"},
         {"surrogate", "\"emoji-resnet\"", "a CLIP by name, or as a table"},
         {"policy", "{}", "who trains when"},
         {"recipe", "{}", "how the surrogate is trained"},
         {"trained_on", "\"train\"", "train, or apart: the plan's pictures set apart"}}},
       make_word_patterns},
      {{TextLsp::describe(linf, "words"), {norm("linf"), l2, eps_steps, grid, features, feature_width, seed}},
       [](MethodRequest& r) {
         Budget budget = r.budget();
         if (budget.eps == 0)
           budget = l2_budget(r.name, SeparablePatches::default_norm(r.facts.height, r.facts.width));
         const TextLsp::Options options{r.whole("grid", 1, max_grid), budget, r.seed()};
         return noise_method<TextLsp>(r.facts.height, r.facts.width, r.features(), r.facts.captions, options);
       }},
      {{T2ueSource::describe(linf.eps),
        {{"generator", "\"\"", "file of `t2ue train generator`; it decides eps and size"},
         {"latent", "\"all\"", "all, caption or item: what draws a latent of its own"},
         {"seed", "0", "of the latents; the generator file's if not given"}}},
       make_t2ue},
  };
  for (const SurrogateMethod& method : surrogate_methods()) entries.push_back(surrogate_entry(method, eps));
  return entries;
}

inline const std::vector<RegistryEntry>& registry() {
  static const std::vector<RegistryEntry> entries = make_registry();
  return entries;
}

inline const RegistryEntry& entry_named(std::string_view name) {
  std::string known;
  for (const RegistryEntry& entry : registry()) {
    if (entry.info.card.name == name) return entry;
    known += (known.empty() ? "" : ", ") + entry.info.card.name;
  }
  fail("method", "there is no method '", name, "'; one of: ", known);
}

/// The options given over those of `info`. Error for one that is unknown, of another type, or negative.
inline nlohmann::json with_defaults(const MethodInfo& info, const nlohmann::json& given) {
  nlohmann::json all = nlohmann::json::object();
  std::string known;
  for (const MethodOption& option : info.options) {
    all[option.name] = parse_json(option.otherwise, info.card.name);
    known += (known.empty() ? "" : ", ") + option.name;
  }
  for (const auto& [key, value] : given.items()) {
    check(all.contains(key), info.card.name, "unknown option '", key,
          "'; known: ", known.empty() ? "none" : known);
    nlohmann::json& slot = all[key];
    const bool fits = slot.is_number_integer() ? value.is_number_integer()
                      : slot.is_number()       ? value.is_number()
                                               : value.type() == slot.type();
    check(fits, info.card.name, "the option '", key, "' has the wrong type: ", value.dump(),
          " instead of one like ", slot.dump());
    check(!value.is_number() || value.get<double>() >= 0, info.card.name, "the option '", key, "' is ",
          value.dump(), "; it cannot be negative");
    slot = value;
  }
  return all;
}

}  // namespace detail

T2UE_INLINE MethodFacts method_facts(const DatasetIndex& index, int height, int width) {
  MethodFacts facts;
  facts.height = height;
  facts.width = width;
  facts.label_names = index.label_names;
  for (const Record& record : index.records)
    facts.captions.insert(facts.captions.end(), record.captions.begin(), record.captions.end());
  return facts;
}

T2UE_INLINE const std::vector<MethodInfo>& all_methods() {
  static const std::vector<MethodInfo> methods = [] {
    std::vector<MethodInfo> list;
    for (const detail::RegistryEntry& entry : detail::registry()) list.push_back(entry.info);
    return list;
  }();
  return methods;
}

T2UE_INLINE std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const MethodInfo& method : all_methods()) names.push_back(method.card.name);
  return names;
}

T2UE_INLINE const MethodInfo& method_named(std::string_view name) {
  return detail::entry_named(name).info;
}

T2UE_INLINE void check_method_options(std::string_view name, const nlohmann::json& options) {
  detail::with_defaults(detail::entry_named(name).info, options);
}

T2UE_INLINE Method make_method(std::string_view name, const nlohmann::json& options,
                               const MethodFacts& facts) {
  const detail::RegistryEntry& entry = detail::entry_named(name);
  const nlohmann::json given = options.is_null() ? nlohmann::json::object() : options;
  check(given.is_object(), name, "options are a JSON object, not ", given.type_name());
  const nlohmann::json all = detail::with_defaults(entry.info, given);
  JsonReader reader(all, entry.info.card.name);
  detail::MethodRequest request{entry.info.card.name, reader, given, facts};
  return entry.make(request);
}

T2UE_INLINE std::shared_ptr<NoiseSource> make_noise_source(std::string_view name,
                                                           const nlohmann::json& options,
                                                           const MethodFacts& facts) {
  check(method_named(name).card.additive, name,
        "changes pictures as a whole and makes no noise; it is a PictureTransform");
  return make_method(name, options, facts).noise;
}

}  // namespace t2ue
